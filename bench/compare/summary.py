# SPDX-License-Identifier: BSD-3-Clause
"""The front of the report: each row against the best JPEG 2000 peer in it, where we lose, and who failed."""

from __future__ import annotations

import statistics
from typing import Callable

from compare import marks
from compare.cells import Entry, best_of, speed_ratio, work_ratio
from compare.marks import LOSSLESS as SECTIONS
from compare.peers import OURS_HT, OURS_PART1, Peer
from compare.report import Row
from compare.tables import number, table

HEADER = ["case", "threads", "Part 1, in", "Part 1, out", "HT, in", "HT, out", "Part 1's size", "HT's size"]


def text(rows: list[Row]) -> list[str]:
    """Paragraphs and tables."""
    return [
        "## What is wanted",
        marks.text(rows),
        *_against_best([row for row in rows if row.section in SECTIONS]),
        "The worst: " + "; ".join(_worst(rows)) + ".",
        "## Who failed",
        table(["codec", "what it did", "cases"], failures(rows)) if failures(rows) else "Nobody.",
    ]


def _against_best(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    return [
        "## Against the best JPEG 2000 peer of each row",
        "Times as fast as the fastest peer of the same coder that was right (median of the ratios within rounds), and "
        "the stored bytes over those of the smallest such peer. Above 1 is faster, below 1 smaller.",
        table(HEADER, [*(_row(row) for row in rows), _means(rows, lambda row: [*_ratios(row), *_sizes(row)])]),
        "The same by CPU time of all threads, to the peer that took least:",
        table(HEADER[:6], [*(_work_row(row) for row in rows), _means(rows, _work_ratios)]),
    ]


def _peers(kind: str) -> Callable[[Peer], bool]:
    return lambda peer: peer.kind == kind and not peer.is_ours


def against_best(entries: dict[Peer, Entry], ours: Peer, operation: str) -> float | None:
    """Speed to the fastest peer of the same coder; one whose setting was searched for is no match for a stated goal."""
    told = {peer: entry for peer, entry in entries.items() if not entry.more.get("searched")}
    best = best_of(told, operation, _peers(ours.kind))
    if best is None or ours not in entries:
        return None
    return speed_ratio(entries[ours], entries[best], operation)


def _ratios(row: Row) -> list[float | None]:
    return [against_best(row.entries, ours, o) for ours in (OURS_PART1, OURS_HT) for o in ("encode", "decode")]


def _sizes(row: Row) -> list[float | None]:
    found: list[float | None] = []
    for ours in (OURS_PART1, OURS_HT):
        mine = row.entries.get(ours)
        others = [e.stored_bytes for p, e in row.entries.items() if _peers(ours.kind)(p) and not e.failure]
        found.append(mine.stored_bytes / min(others) if mine and not mine.failure and others else None)
    return found


def _row(row: Row) -> list[str]:
    return [row.item.name, str(row.threads), *(number(r) for r in _ratios(row)), *(number(s) for s in _sizes(row))]


def _work_ratios(row: Row) -> list[float | None]:
    found: list[float | None] = []
    for ours in (OURS_PART1, OURS_HT):
        others = [entry for peer, entry in row.entries.items() if _peers(ours.kind)(peer)]
        for operation in ("encode", "decode"):
            ratios = [work_ratio(row.entries[ours], entry, operation) for entry in others if ours in row.entries]
            found.append(min((ratio for ratio in ratios if ratio is not None), default=None))
    return found


def _work_row(row: Row) -> list[str]:
    return [row.item.name, str(row.threads), *(number(ratio) for ratio in _work_ratios(row))]


def _means(rows: list[Row], values: Callable[[Row], list[float | None]]) -> list[str]:
    columns = zip(*(values(row) for row in rows))
    means = [[value for value in column if value is not None] for column in columns]
    return ["geometric mean", "", *(number(statistics.geometric_mean(m)) if m else "" for m in means)]


def _worst(rows: list[Row], count: int = 3) -> list[str]:
    """The rows and directions in which we are slowest beside the best JPEG 2000 peer of the same coder."""
    found = []
    for row in rows:
        for ours in (OURS_PART1, OURS_HT):
            for operation, way in (("encode", "in"), ("decode", "out")):
                ratio = against_best(row.entries, ours, operation)
                if ratio is not None:
                    where = f"{row.section}, {row.item.name}" if row.section in SECTIONS else row.section
                    found.append((ratio, f"{ours.name}, {where}, {way}, {row.threads} thread(s): {number(ratio)}"))
    return [line for _, line in sorted(found)[:count]]


def failures(rows: list[Row]) -> list[list[str]]:
    """Codec, what it did, and the cases; once for all cases in which it did the same."""
    cases: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for peer, entry in row.entries.items():
            known = cases.setdefault((peer.name, entry.failure), []) if entry.failure else []
            if row.item.name not in known:
                known.append(row.item.name)
    return [[name, failure, ", ".join(names)] for (name, failure), names in cases.items()]
