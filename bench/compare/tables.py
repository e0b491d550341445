# SPDX-License-Identifier: BSD-3-Clause
"""Markdown out of entries."""

from __future__ import annotations

import math
from typing import Any, Mapping, Sequence

from compare.cells import Entry, speed_ratio
from compare.data import Item
from compare.peers import Peer, ours_like


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = [header, [":--", *("--:" for _ in header[1:])], *rows]
    return "\n".join("| " + " | ".join(_escape(cell) for cell in line) + " |" for line in lines) + "\n"


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def number(value: float | None, digits: int = 3) -> str:
    """With so many significant digits, without an exponent."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "lossless" if value > 0 else "none"
    places = max(digits - 1 - (math.floor(math.log10(abs(value))) if value else 0), 0)
    return f"{value:.{min(places, 6)}f}"


def speed(entry: Entry, operation: str, nbytes: int) -> str:
    """MB/s by the median time, and by the least one in brackets."""
    if not entry.has(operation):
        return ""
    return f"{number(nbytes / 1e6 / entry.median(operation))} ({number(nbytes / 1e6 / entry.least(operation))})"


def rows_of(item: Item, entries: Mapping[Peer, Entry], columns: Sequence[str], threads: int = 1) -> list[list[str]]:
    """A row a peer, or what it did instead of its work."""
    rows = []
    for peer, entry in entries.items():
        name = peer.name + (" (one thread)" if threads > 1 and not peer.threads else "")
        if entry.failure:
            rows.append([name, *("" for _ in columns[:-1]), f"**{entry.failure}**"])
        else:
            held_against = entries.get(ours_like(peer))
            rows.append([name, *(_cell(column, item, entry, held_against, peer) for column in columns)])
    return rows


def _cell(column: str, item: Item, entry: Entry, ours: Entry | None, peer: Peer) -> str:
    nbytes = item.samples.nbytes
    loss = entry.more.get("loss")
    if column == "told":
        return str(entry.more.get("told", "")) + (" (searched)" if entry.more.get("searched") else "")
    if column in ("MB/s in", "MB/s out"):
        return speed(entry, "encode" if column == "MB/s in" else "decode", nbytes)
    if column in ("ours / it, in", "ours / it, out"):
        if ours is None or peer.is_ours:
            return ""
        return number(speed_ratio(ours, entry, "encode" if column == "ours / it, in" else "decode"))
    values: dict[str, Any] = {
        "ratio": nbytes / entry.stored_bytes if entry.stored_bytes else None,
        "PSNR": loss and loss.psnr,
        "max error": loss and loss.max_error,
        "SSIM": entry.more.get("ssim"),
        "memory in": entry.more.get("memory", {}).get("encode"),
        "memory out": entry.more.get("memory", {}).get("decode"),
    }
    return number(values[column], 4 if column in ("PSNR", "SSIM", "ratio") else 3)
