# SPDX-License-Identifier: BSD-3-Clause
"""Reading less than everything: previews at an eighth of the resolution, and regions of files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from compare import data, judge
from compare.cells import Entry, speed_ratio, take_turns
from compare.data import Item
from compare.failures import PeerFailed
from compare.peers import IN_HDF5, OURS_HT, OURS_PART1, Peer, ours_like
from compare.report import Report, Row
from compare.sections.lossless import LOSSLESS, describe
from compare.session import Session
from compare.tables import number, table


def run(session: Session, report: Report) -> None:
    _previews(session, report)
    _regions(session, report)


def _previews(session: Session, report: Report) -> None:
    """Ours at reduce=3 beside every peer's reading in full, and beside Pillow's own reduction."""
    side = 512 if session.is_quick else 1536
    item = data.one_block("preview of a radiograph", data.middle(data.dicom("RG1_UNCR.dcm"), side, side))
    peers = {peer: None for peer in LOSSLESS if peer.is_jpeg2000}
    full = session.compare(item, peers, judge.check_lossless, operations=("decode",))
    able = [peer for peer in full if not full[peer].failure and peer.adapter in ("Ours", "Jpeg2000")]

    def turn(peer: Peer, operation: str) -> dict[str, Any]:
        decoded, answer = session.decoded(peer, operation)
        _check_preview(item.samples, decoded)
        return answer

    reduced = take_turns(able, ["decode_reduced"], turn, session.budget)
    rows = []
    gains: dict[str, float | None] = {}
    for peer, entry in full.items():
        own = reduced.get(peer)
        row = [peer.name, _milliseconds(entry, "decode"), _milliseconds(own, "decode_reduced") if own else ""]
        for ours in (OURS_PART1, OURS_HT):
            gained = _gain(entry, reduced.get(ours))
            row.append(number(gained))
            if not peer.is_ours and (ours is OURS_HT or peer.kind == "part1"):
                gains[f"{peer.name} over {ours.name}"] = gained
        rows.append(row)
    report.add("## Previews, an eighth of the resolution", describe(item))
    header = ["codec", "in full, ms", "reduced, ms", "its full / our reduced Part 1", "its full / our reduced HT"]
    report.add(table(header, rows))
    report.rows.append(Row("Previews", item.facts, session.threads, reduced, {"gained": gains}))
    session.say("previews")


def _milliseconds(entry: Entry, operation: str) -> str:
    if entry.failure:
        return f"**{entry.failure}**"
    return f"{number(1e3 * entry.median(operation))} ({number(1e3 * entry.least(operation))})"


def _gain(full: Entry, reduced: Entry | None) -> float | None:
    if full.failure or reduced is None or reduced.failure:
        return None
    return full.median("decode") / reduced.median("decode_reduced")


def _check_preview(original: np.ndarray, decoded: np.ndarray) -> None:
    """Near the means of 8 x 8 samples: a low-pass of the wavelet, not the mean itself."""
    rows, columns = (n // 8 for n in original.shape)
    means = original[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).mean(axis=(1, 3))
    judge.check_form(np.empty([-(-n // 8) for n in original.shape], original.dtype), decoded)
    if np.abs(decoded[:rows, :columns] - means).mean() > 0.05 * np.ptp(means):
        raise judge.WrongData("wrong data: the preview is another picture")


def _regions(session: Session, report: Report) -> None:
    """From a file that the system has in its cache; opening it counts."""
    frames = 4 if session.is_quick else 16
    stack = data.squares(frames, 512 if session.is_quick else 1024)
    item = data.one_chunk("region of a stack", stack, (1, 256, 256))
    side = stack.shape[1]
    regions = {
        "64 x 64 within a block": [[1, 2], [270, 334], [270, 334]],
        "200 x 200 across four blocks": [[1, 2], [156, 356], [156, 356]],
        "a frame": [[2, 3], [0, side], [0, side]],
        "a row of every frame": [[0, frames], [200, 201], [0, side]],
    }
    peers = [p for p in LOSSLESS if p.module in ("blosc2_codecs", "hdf5_filters")] + IN_HDF5
    report.add("## Regions read from files", f"{describe(item)}; a chunk is a block in HDF5")
    for name, region in regions.items():
        with tempfile.TemporaryDirectory(dir=session.folder) as folder:
            entries = _read_region(session, item, peers, region, Path(folder))
        rows = []
        for peer, entry in entries.items():
            ours = next((p for p in peers if p.name == f"{ours_like(peer).name} in HDF5"), OURS_HT)
            ours = ours if peer.module == "hdf5_filters" else ours_like(peer)
            ratio = None if peer.is_ours else speed_ratio(entries[ours], entry, "read_region")
            rows.append([peer.name, _milliseconds(entry, "read_region"), number(ratio)])
        report.add(f"### {name}", table(["codec and container", "ms", "ours / it"], rows))
        report.rows.append(Row(f"Region: {name}", item.facts, session.threads, entries))
    session.say("regions")


def _read_region(session: Session, item: Item, peers: list[Peer], region: Any, folder: Path) -> dict[Peer, Entry]:
    expected = item.samples[tuple(slice(*pair) for pair in region)]
    failed: dict[Peer, Entry] = {}

    def turn(peer: Peer, operation: str) -> dict[str, Any]:
        decoded, answer = session.decoded(peer, operation)
        judge.check_lossless(expected, decoded)
        return answer

    for number_, peer in enumerate(peers):
        try:
            own = folder / str(number_)
            own.mkdir()
            session.prepare(peer, item, region=region)
            session.ask(peer, "save", folder=str(own))
            turn(peer, "read_region")
        except PeerFailed as failure:
            failed[peer] = Entry(failure=str(failure))
    able = [peer for peer in peers if peer not in failed]
    turns = take_turns(able, ["read_region"], turn, session.budget, [peer for peer in able if peer.is_ours])
    return {peer: failed.get(peer) or turns[peer] for peer in peers}
