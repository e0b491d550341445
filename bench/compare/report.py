# SPDX-License-Identifier: BSD-3-Clause
"""The pages under bench/results, written as a whole at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from compare.cells import Entry
from compare.data import Item
from compare.peers import Peer


@dataclass
class Row:
    """One case of one section, for the summary."""

    section: str
    item: Item
    threads: int
    entries: dict[Peer, Entry]


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
        path = self.folder / name
        partial = path.with_suffix(".partial")
        partial.write_text("\n\n".join(text.strip("\n") for text in [*head, *self.texts]) + "\n")
        partial.replace(path)
        return path
