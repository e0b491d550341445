# SPDX-License-Identifier: BSD-3-Clause
"""Finds the parameter by which a codec meets a size or a PSNR that it can't be told directly."""

from __future__ import annotations

import math
from typing import Callable

from compare import judge
from compare.data import Item
from compare.failures import PeerFailed
from compare.peers import Peer
from compare.session import Quality, Session

MOST_TRIALS = 14
SIZE_TOLERANCE = 0.01  # of the bytes asked for
PSNR_TOLERANCE = 0.05  # dB above what was asked for


def search(
    knob: tuple[float, float], is_good: Callable[[float], bool], is_met: Callable[[], bool], whole: bool
) -> float:
    """The worst setting that is still good, between the best of ``knob`` and its worst, by halving in the logarithm.

    Ends early when ``is_met`` says so of the last trial. Raises ValueError where even the best is not good.
    """
    good, bad = (math.log(end) for end in knob)
    found: float | None = None
    for _ in range(MOST_TRIALS):
        middle = math.exp((good + bad) / 2)
        value = float(round(middle)) if whole else middle
        if is_good(value):
            found, good = value, math.log(middle)
            if is_met():
                return value
        else:
            bad = math.log(middle)
        if abs(good - bad) < 1e-4:
            break
    if found is None:
        raise ValueError("no setting is good enough")
    return found


def settle(session: Session, peer: Peer, item: Item, kind: str, target: float) -> Quality:
    """The quality that makes ``peer`` meet a "rate" or a "psnr"; as it is, where the peer takes it itself."""
    if kind in peer.direct:
        return [kind, target]
    if peer.knob is None:
        raise PeerFailed(f"knows no {kind}")
    name = "rate" if "rate" in peer.direct else "knob"
    found: dict[str, float] = {}

    def measure(value: float) -> None:
        stored, decoded = session.once(peer, item, [name, value])
        found.update(rate=item.samples.nbytes / stored, psnr=judge.loss_of(item.samples, decoded).psnr)

    def is_good(value: float) -> bool:
        measure(value)
        return found[kind] >= target

    def is_met() -> bool:
        return found["psnr"] <= target + PSNR_TOLERANCE

    def is_too_large(value: float) -> bool:
        measure(value)
        return found["rate"] <= target

    def is_near() -> bool:
        return found["rate"] >= target * (1 - SIZE_TOLERANCE)

    try:
        conditions = (is_good, is_met) if kind == "psnr" else (is_too_large, is_near)
        return [name, search(peer.knob, *conditions, whole=peer.whole_knob)]
    except ValueError:
        raise PeerFailed(f"can't reach {target:.4g} {'dB' if kind == 'psnr' else 'times'}") from None
