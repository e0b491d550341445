# SPDX-License-Identifier: BSD-3-Clause
"""The pages under bench/results, written as a whole at the end of a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from compare.cells import Entry
from compare.data import Facts
from compare.judge import Loss
from compare.peers import Peer

OPERATIONS = "seconds", "work"


@dataclass
class Row:
    """One case of one section, for the summary."""

    section: str
    item: Facts
    threads: int
    entries: dict[Peer, Entry]
    more: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """For JSON, with every time that was taken."""
        entries = {
            peer.name: {"failure": entry.failure} if entry.failure else {
                "stored_bytes": entry.stored_bytes,
                **{name: {o: list(times.values()) for o, times in getattr(entry, name).items()} for name in OPERATIONS},
                "more": {name: asdict(v) if isinstance(v, Loss) else v for name, v in entry.more.items()},
            }
            for peer, entry in self.entries.items()
        }  # fmt: skip
        return {"section": self.section, "case": self.item.name, "threads": self.threads,
                "bytes": self.item.nbytes, "codecs": entries}  # fmt: skip


@dataclass
class Report:
    """Text by section, the rows it is about, and the folder that plots go to."""

    folder: Path
    texts: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def add(self, *paragraphs: str) -> None:
        self.texts.extend(paragraphs)

    def write(self, name: str, head: list[str]) -> Path:
        """The page, under a temporary name first."""
        _write(self.folder / "results.json", json.dumps([row.record() for row in self.rows], indent=1))
        _write(self.folder / name, "\n\n".join(text.strip("\n") for text in [*head, *self.texts]) + "\n")
        return self.folder / name

    def write_summary(self, text: str) -> None:
        """The table for the project's README; no file where there is none."""
        if text:
            _write(self.folder / "summary.md", text)


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)
