# SPDX-License-Identifier: BSD-3-Clause
"""Lossless: the development set, small blocks, and many small arrays."""

from __future__ import annotations

from compare import data, judge
from compare.cells import Entry
from compare.data import Item
from compare.failures import PeerFailed
from compare.peers import PEERS, Peer
from compare.report import Report, Row
from compare.session import Session
from compare.tables import rows_of, table

COLUMNS = ["ratio", "MB/s in", "ours / it, in", "MB/s out", "ours / it, out"]
MEMORY = ["memory in", "memory out"]
LOSSLESS = {peer: None for peer in PEERS if peer.lossless}


def run(session: Session, report: Report) -> None:
    items = data.development_set(session.is_quick)
    if session.is_quick and session.threads > 1:
        items = [item for item in items if item.is_stack]
    _section(session, report, "Lossless", items, with_memory=True)
    _section(session, report, "Small blocks, lossless", data.small_blocks(session.is_quick))
    _section(session, report, "Many small arrays, lossless", [data.small_arrays(session.is_quick)])


def _section(session: Session, report: Report, title: str, items: list[Item], with_memory: bool = False) -> None:
    report.add(f"## {title}, {session.threads} thread{'s' * (session.threads > 1)}")
    for number, item in enumerate(items):
        entries = session.compare(item, LOSSLESS, judge.check_lossless)
        columns = COLUMNS
        if with_memory and session.threads == 1 and (number == 0 or not session.is_quick):
            columns = COLUMNS + MEMORY
            _add_memory(session, item, entries)
        report.rows.append(Row(title, item.facts, session.threads, entries))
        rows = rows_of(item, entries, columns, session.threads)
        report.add(f"### {item.name}", describe(item), table(["codec", *columns], rows))
        session.say(f"{title}: {item.name}")


def _add_memory(session: Session, item: Item, entries: dict[Peer, Entry]) -> None:
    for peer, entry in entries.items():
        try:
            entry.more["memory"] = {} if entry.failure else session.peak_memory(peer, item)
        except PeerFailed as failure:
            entry.failure = str(failure)


def describe(item: Item) -> str:
    shapes = [" x ".join(map(str, shape)) for shape in (item.samples.shape, item.chunks, item.blocks)]
    return f"{shapes[0]} {item.samples.dtype}, chunks {shapes[1]}, blocks {shapes[2]}"
