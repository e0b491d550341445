# SPDX-License-Identifier: BSD-3-Clause
"""Lossy: at equal rates, at equal PSNR, at equal maximum error, and curves of rate against distortion.

Codecs that can't be told a rate or a PSNR are told the value of another parameter that has been searched for before, by
encoding again and again; their times don't show that.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from compare import data, judge, plots
from compare.cells import Entry
from compare.data import Item
from compare.failures import PeerFailed
from compare.peers import OURS_PART1, PEERS, Peer
from compare.report import Report, Row
from compare.sections.lossless import describe
from compare.session import Check, Quality, Session
from compare.settle import settle
from compare.tables import rows_of, table

COLUMNS = ["told", "ratio", "PSNR", "max error", "SSIM", "MB/s in", "ours / it, in", "MB/s out", "ours / it, out"]
RATES = (4, 8, 16)
CURVE_RATES = (3, 4, 6, 8, 12, 16, 32)


def run(session: Session, report: Report) -> None:
    items = _items(session.is_quick)
    for item in items:
        for rate in RATES[1:2] if session.is_quick else RATES:
            _at(session, report, item, "rate", rate)
        _at(session, report, item, "psnr", _psnr_at_rate_8(session, item))
    for item, sigma in _noisy_items(session.is_quick):
        for factor in (1,) if session.is_quick else (0.5, 1, 2):
            _at_max_error(session, report, item, sigma, factor)
    for item in items[: 1 if session.is_quick else None]:
        _curves(session, report, item if session.is_quick else _smaller(item))


def _items(is_quick: bool) -> list[Item]:
    side = 256 if is_quick else 1024
    radiograph = data.middle(data.dicom("RG1_UNCR.dcm"), side, side)
    items = [data.one_block("radiograph, 15 bits", radiograph), data.one_block("CT, signed", _ct(is_quick))]
    if is_quick:
        return items
    return [*items, data.one_block("photo, gray", data.gray_photo()), data.one_block("photo, RGB", data.photo())]


def _smaller(item: Item) -> Item:
    """A curve takes many encodings."""
    return data.one_block(item.name, data.middle(item.samples, 512, 512))


def _ct(is_quick: bool) -> np.ndarray:
    image = data.dicom("693_UNCR.dcm")
    return data.middle(image, 256, 256) if is_quick else image


def _noisy_items(is_quick: bool) -> list[tuple[Item, float]]:
    """Arrays with the sigma of their noise; the projections have pixels at 65535, as detectors do."""
    count = 8 if is_quick else 64
    samples, sigma = data.projections(count)
    items = [(data.one_chunk("projections", samples, (1, *samples.shape[1:])), sigma)]
    if not is_quick:
        items.append((data.one_chunk("projections, blocks of 16 frames", samples, (16, *samples.shape[1:])), sigma))
    return items


def _psnr_at_rate_8(session: Session, item: Item) -> float:
    _, decoded = session.once(OURS_PART1, item, ["rate", 8])
    return round(judge.loss_of(item.samples, decoded).psnr, 1)


def _at(session: Session, report: Report, item: Item, kind: str, target: float) -> None:
    """A table of all lossy peers, each brought to the same size or the same PSNR first."""
    qualities: dict[Peer, Quality] = {}
    failures: dict[Peer, Entry] = {}
    for peer in PEERS:
        if peer.is_lossy and (peer.knob or kind in peer.direct):
            try:
                qualities[peer] = settle(session, peer, item, kind, target)
            except PeerFailed as failure:
                failures[peer] = Entry(failure=str(failure))
    text = f"rate {target}" if kind == "rate" else f"at least {target} dB"
    _table(session, report, f"{item.name}, {text}", item, kind, qualities, failures, judge.check_form)


def _at_max_error(session: Session, report: Report, item: Item, sigma: float, factor: float) -> None:
    bound = max(round(factor * sigma), 1)
    qualities: dict[Peer, Quality] = {peer: ["max_error", bound] for peer in PEERS if "max_error" in peer.direct}
    title = f"{item.name}, maximum error {bound} ({factor:g} times the noise's sigma)"
    _table(session, report, title, item, "max_error", qualities, {}, partial(judge.check_bound, max_error=bound))


def _table(session: Session, report: Report, title: str, item: Item, kind: str, qualities: dict[Peer, Quality],
           failures: dict[Peer, Entry], check: Check) -> None:  # fmt: skip
    entries = session.compare(item, qualities, check) | failures
    for peer, entry in entries.items():
        if entry.failure:
            continue
        try:
            decoded, _ = session.decoded(peer)
            entry.more["loss"] = judge.loss_of(item.samples, decoded)
            entry.more["ssim"] = judge.ssim_of(item.samples, decoded)
            entry.more["told"] = _told(qualities[peer])
            entry.more["searched"] = kind not in peer.direct
        except PeerFailed as failure:
            entry.failure = str(failure)
    report.rows.append(Row(f"Lossy: {title}", item.facts, session.threads, entries))
    report.add(f"### {title}", describe(item), table(["codec", *COLUMNS], rows_of(item, entries, COLUMNS)))
    session.say(f"lossy: {title}")


def _told(quality: Quality) -> str:
    """Kind and value."""
    assert quality
    kind, value = quality
    return f"{kind} {value:.4g}"


def _curves(session: Session, report: Report, item: Item) -> None:
    """PSNR against bits a sample of every lossy codec."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for peer in PEERS:
        if not peer.is_lossy or not (peer.knob or "rate" in peer.direct):
            continue
        for rate in CURVE_RATES[1::2] if session.is_quick else CURVE_RATES:
            try:
                quality = settle(session, peer, item, "rate", rate)
                stored, decoded = session.once(peer, item, quality)
            except PeerFailed:
                continue  # it is told in the tables
            loss = judge.loss_of(item.samples, decoded)
            if np.isfinite(loss.psnr):
                lines.setdefault(peer.name, []).append((8 * stored / item.samples.size, loss.psnr))
    name = "rate-distortion-" + "".join(c if c.isalnum() else "-" for c in item.name.lower()) + ".svg"
    plots.curves(report.folder / name, f"{item.name}: PSNR against size", "bits a sample", "PSNR, dB", lines, "x")
    report.add(f"![PSNR against size, {item.name}]({name})")
    session.say(f"rate-distortion: {item.name}")
