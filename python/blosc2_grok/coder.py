# SPDX-License-Identifier: BSD-3-Clause
"""Which block coder a new array takes: high throughput (ISO/IEC 15444-15), or that of Part 1."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, Optional, Union

from .enums import GrkMode, GrkProfile, GrkRateControl
from .params import Params

CODERS = ("auto", "ht", "part1")


def told_params(params: Union[Params, Mapping[str, Any], None]) -> Dict[str, Any]:
    """What the caller said, by name: all of a ``Params``, of a dict what is in it; ``mct`` left out means "auto"."""
    return params.to_dict() if isinstance(params, Params) else {"mct": "auto", **(params or {})}


def choose_mode(coder: str, told: Mapping[str, Any], checked: Params) -> int:
    """The parameter ``mode`` with or without HT; "auto" is HT, but where a mode is told or HT lacks something.

    :param told: as the caller named them; ``checked`` is the same with all defaults.
    :raises ValueError: the coder has no such name, or contradicts the mode.
    """
    mode = int(checked.mode)
    is_ht = bool(mode & int(GrkMode.HT))
    if coder not in CODERS:
        raise ValueError(f"coder is {coder!r}: it must be 'auto', 'ht' or 'part1'")
    if coder == "part1" and is_ht:
        raise ValueError("coder='part1' and mode HT in params contradict each other")
    if coder == "ht" or (coder == "auto" and "mode" not in told and reason_for_part1(checked) is None):
        return mode | int(GrkMode.HT)
    return mode


def reason_for_part1(params: Params) -> Optional[str]:
    """What HT, or our engine for it, has not; None: HT can do it."""
    engine = os.environ.get("BLOSC2_GROK_ENGINE") or "auto"
    if params.engine != "auto":
        engine = params.engine
    reasons = {
        f"engine {engine!r}": engine not in ("auto", "j2k"),
        f"{len(params.quality_layers)} quality layers": len(params.quality_layers) > 1,
        "a region of interest": params.roi_compno >= 0 and params.roi_shift > 0,
        "a profile": params.rsiz is not GrkProfile.GRK_PROFILE_NONE,
        "a framerate": params.framerate != 0,
        "PCRD_OPT": params.rateControlAlgorithm is not GrkRateControl.BISECT,
        "max_comp_size": params.max_comp_size != 0,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
