# SPDX-License-Identifier: BSD-3-Clause
"""The one table for the project's README: a line a case, and who is smallest and fastest in it, whoever that is."""

from __future__ import annotations

from typing import Callable

from compare.cells import Entry, best_of
from compare.peers import Peer
from compare.report import Row
from compare.tables import number, table

SECTIONS = "Lossless", "Many small arrays, lossless"
CASES = {
    "stack of radiographs, one chunk": "lossless, radiographs, blocks of 512 x 512",
    "projections, a chunk a frame": "lossless, projections of a scan",
    "CT, signed, one block": "lossless, CT, signed",
    "photo, RGB": "lossless, photo, RGB",
    "attenuation, float32, a chunk a frame": "lossless, floats",
}
HEADER = ["case", "blosc2_grok", "other JPEG 2000", "other codecs", "smallest", "fastest in", "fastest out"]
NOTE = """Codec, ratio, and MB/s in / out, by the median time of one thread. Names in bold are the better choice where
that column is what counts: another codec than this one. Sizes within half a percent count as equal."""
TIE = 1.005
MORE = "All tables, curves, versions and failures: [bench/results](bench/results/README.md)."


def text(rows: list[Row], machine: list[str]) -> str:
    """Markdown, or nothing where the run had none of the cases."""
    lines = [line for row in rows if (title := _title(row)) for line in [_line(title, row)] if line]
    if not lines:
        return ""
    where = f"Measured by `python3 bench/compare`: {'; '.join(machine)}."
    return "\n".join([NOTE, "", table(HEADER, lines), where, MORE]) + "\n"


def _title(row: Row) -> str:
    if row.threads != 1:
        return ""
    if row.section in SECTIONS:
        return CASES.get(row.item.name, "" if row.section == "Lossless" else f"lossless, {row.item.name}")
    told = row.section.removeprefix("Lossy: ")
    if row.section.startswith("Lossy: radiograph") and " dB" in told:
        return f"lossy, {told}"
    return f"lossy, {told}" if "maximum error" in told and "16 frames" not in told else ""


def _line(title: str, row: Row) -> list[str]:
    able = {peer: entry for peer, entry in row.entries.items() if entry.has("encode") and entry.has("decode")}
    groups: list[list[Peer | None]] = [
        [peer for peer in able if peer.is_ours],
        [_fastest(able, "encode", _of_peers(kind)) for kind in ("part1", "ht")],
        [_smallest(able, _is_other), _fastest(able, "encode", _is_other)],
    ]
    if not groups[0]:
        return []
    cells = ["; ".join(_cell(p, able[p], row) for p in dict.fromkeys(group) if p) for group in groups]
    best = [_smallest(able, _anyone), _fastest(able, "encode", _anyone), _fastest(able, "decode", _anyone)]
    return [title, *cells, *(_name(peer) for peer in best if peer)]


def _of_peers(kind: str) -> Callable[[Peer], bool]:
    return lambda peer: peer.kind == kind and not peer.is_ours


def _anyone(peer: Peer) -> bool:
    return True


def _is_other(peer: Peer) -> bool:
    return not peer.is_jpeg2000


def _smallest(able: dict[Peer, Entry], counts: Callable[[Peer], bool]) -> Peer | None:
    least = min((entry.stored_bytes for peer, entry in able.items() if counts(peer)), default=0)
    near = [peer for peer in able if counts(peer) and able[peer].stored_bytes <= least * TIE]
    return min(near, key=lambda peer: (not peer.is_ours, able[peer].stored_bytes), default=None)


def _fastest(able: dict[Peer, Entry], operation: str, counts: Callable[[Peer], bool]) -> Peer | None:
    return best_of(able, operation, counts)


def _name(peer: Peer) -> str:
    return peer.name if peer.is_ours else f"**{peer.name}**"


def _cell(peer: Peer, entry: Entry, row: Row) -> str:
    speeds = " / ".join(number(row.item.nbytes / 1e6 / entry.median(way)) for way in ("encode", "decode"))
    return f"{peer.name.removeprefix('blosc2_grok ')} {number(row.item.nbytes / entry.stored_bytes)}, {speeds}"
