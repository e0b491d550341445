# SPDX-License-Identifier: BSD-3-Clause
"""What the parts of a run have found, kept until the next run begins: one that was cut goes on where it was."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path

from compare.report import Row


@dataclass
class Part:
    """A finished one."""

    texts: list[str]
    rows: list[Row]
    versions: dict[str, list[str]]
    minutes: float
    machine: list[str]
    """The machine, and its load, when it began."""


class Kept:
    """``stamp``: parts of a run with another one don't count."""

    def __init__(self, folder: Path, stamp: str) -> None:
        self.folder, self.stamp = folder, hashlib.sha256(stamp.encode()).hexdigest()

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, name: str) -> Part | None:
        path = self.folder / name
        if not path.exists():
            return None
        stamp, part = pickle.loads(path.read_bytes())  # our own file, of this tree
        return part if stamp == self.stamp else None

    def save(self, name: str, part: Part) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{name}.partial"
        partial.write_bytes(pickle.dumps((self.stamp, part)))
        partial.replace(self.folder / name)
