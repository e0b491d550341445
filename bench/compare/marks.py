# SPDX-License-Identifier: BSD-3-Clause
"""What is wanted of this codec beside its peers, and whether the run met it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Callable

from compare.cells import Entry, best_of, speed_ratio
from compare.peers import OURS_HT, OURS_PART1, Peer
from compare.report import Row
from compare.tables import number, table

LOSSLESS = ("Lossless", "Small blocks, lossless", "Many small arrays, lossless", "Sizes")


@dataclass
class Mark:
    """Values by place; the worst of them counts, or their geometric mean."""

    text: str
    wanted: float
    is_least: bool = True  # the value must not be under `wanted`; else not over it
    is_mean: bool = False
    found: list[tuple[float, str]] = field(default_factory=list)

    def add(self, value: float | None, place: str) -> None:
        if value is not None:
            self.found.append((value, place))

    def row(self) -> list[str]:
        if not self.found:
            return [self.text, self._wanted(), "", "", "not measured"]
        if self.is_mean:
            value, place = statistics.geometric_mean(value for value, _ in self.found), "geometric mean"
        else:
            value, place = (min if self.is_least else max)(self.found)
        is_met = value >= self.wanted if self.is_least else value <= self.wanted
        return [self.text, self._wanted(), number(value), place, "yes" if is_met else "**no**"]

    def _wanted(self) -> str:
        return f"{'at least' if self.is_least else 'at most'} {self.wanted:g}"


def text(rows: list[Row]) -> str:
    marks = [*_part1(rows), *_stacks(rows), *_bounds(rows), *_rate_8(rows), *_previews(rows), *_memory(rows)]
    return table(["mark", "wanted", "worst", "where", "met"], [mark.row() for mark in marks])


def _others(wanted: Callable[[Peer], bool]) -> Callable[[Peer], bool]:
    return lambda peer: wanted(peer) and not peer.is_ours


def _place(row: Row, way: str) -> str:
    return f"{row.item.name}, {row.threads} thread{'s' * (row.threads > 1)}, {way}"


def _speeds(row: Row, mark: Mark, ours: Peer, counts: Callable[[Peer], bool]) -> None:
    for operation, way in (("encode", "in"), ("decode", "out")):
        best = best_of(row.entries, operation, _others(counts))
        if best is not None and ours in row.entries:
            mark.add(speed_ratio(row.entries[ours], row.entries[best], operation), _place(row, way))


def _part1(rows: list[Row]) -> list[Mark]:
    least = Mark("Part 1, lossless: speed to the best Part 1 peer, everywhere", 0.95)
    mean = Mark("the same, in the mean", 1.0, is_mean=True)
    for row in rows:
        if row.section in LOSSLESS:
            for mark in (least, mean):
                _speeds(row, mark, OURS_PART1, lambda peer: peer.kind == "part1")
    return [least, mean]


def _stacks(rows: list[Row]) -> list[Mark]:
    mark = Mark("HT, lossless, stacks: speed to the best JPEG 2000 peer", 2.5)
    for row in rows:
        if row.section == "Lossless" and row.item.is_stack and row.item.ndim > 2:
            _speeds(row, mark, OURS_HT, lambda peer: peer.is_jpeg2000)
    return [mark]


def _pick(row: Row, name: str) -> Entry | None:
    return next((e for p, e in row.entries.items() if p.name == name and not e.failure), None)


def _bounds(rows: list[Row]) -> list[Mark]:
    """Our better coder in size for the size, HT for the speed."""
    size = Mark("at equal maximum error: Part 1's size to SZ3's", 1.0, is_least=False)
    speed = Mark("at equal maximum error: HT's speed in to SZ3's", 3.0)
    for row in rows:
        sz3 = _pick(row, "hdf5plugin SZ3")
        if "maximum error" in row.section and sz3:
            part1, ht = _pick(row, OURS_PART1.name), _pick(row, OURS_HT.name)
            if part1 and ht:
                size.add(part1.stored_bytes / sz3.stored_bytes, row.section)
                speed.add(speed_ratio(ht, sz3, "encode"), row.section)
    return [size, speed]


def _rate_8(rows: list[Row]) -> list[Mark]:
    speed = Mark("lossy, the PSNR of rate 8: HT's speed in to the best Part 1 peer", 5.0)
    size = Mark("lossy, the PSNR of rate 8: HT's size to the best Part 1 peer", 1.08, is_least=False)
    for row in rows:
        ht = _pick(row, OURS_HT.name)
        others = [e for p, e in row.entries.items() if p.kind == "part1" and not p.is_ours and not e.failure]
        if " dB" in row.section and ht and others:
            best = best_of(row.entries, "encode", _others(lambda peer: peer.kind == "part1"))
            speed.add(speed_ratio(ht, row.entries[best], "encode") if best else None, row.section)
            size.add(ht.stored_bytes / min(other.stored_bytes for other in others), row.section)
    return [speed, size]


def _previews(rows: list[Row]) -> list[Mark]:
    mark = Mark("previews: a peer's full read over ours at an eighth", 8.0)
    for row in rows:
        for peer, gained in row.more.get("gained", {}).items():
            mark.add(gained, f"{peer}, {row.item.name}")
    return [mark]


def _memory(rows: list[Row]) -> list[Mark]:
    marks = [Mark(f"peak memory, {way}: to the best JPEG 2000 peer", 1.0, is_least=False) for way in ("in", "out")]
    for row in rows:
        for mark, operation in zip(marks, ("encode", "decode")):
            peaks = {p: e.more["memory"][operation] for p, e in row.entries.items() if e.more.get("memory")}
            others = [peak for peer, peak in peaks.items() if peer.is_jpeg2000 and not peer.is_ours and peak > 0]
            for ours in (OURS_PART1, OURS_HT):
                if others and ours in peaks:
                    mark.add(peaks[ours] / min(others), f"{ours.name}, {row.item.name}")
    return marks
