# SPDX-License-Identifier: BSD-3-Clause
"""A bar with MB/s and ratio for what takes over a second, on a terminal only; and words for sizes."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Optional, Type

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PATIENCE_S = 1.0


class Meter:
    """Call it with bytes done, bytes stored, and bytes in all, as ``progress=`` of the functions that write does.

    :param shows_ratio: whether bytes stored say something.
    """

    def __init__(self, what: str, *, quiet: bool = False, shows_ratio: bool = True) -> None:
        self.began = time.monotonic()
        self.done = 0
        self._what = what
        self._console = Console(stderr=True)
        self._is_shown = not quiet and self._console.is_terminal
        self._shows_ratio = shows_ratio
        self._bar: Optional[Progress] = None
        self._task: Optional[TaskID] = None

    def __call__(self, done: int, stored: int, total: int) -> None:
        self.done = done
        if not self._is_shown or self.seconds < PATIENCE_S:
            return
        if self._bar is None or self._task is None:
            columns = ("[progress.description]{task.description}", "{task.percentage:>3.0f}%", "{task.fields[speed]}")
            self._bar = Progress(
                TextColumn(columns[0]),
                BarColumn(),
                *(TextColumn(column) for column in columns[1:]),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(self._what, total=total, speed="")
            self._bar.start()
        speed = f"{done / self.seconds / 1e6:.0f} MB/s"
        if self._shows_ratio and stored:
            speed += f", ratio {done / stored:.2f}"
        self._bar.update(self._task, completed=done, total=total, speed=speed)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def __enter__(self) -> Meter:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def size_text(count: float) -> str:
    """Decimal units, as disks are sold: "1.23 GB"."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError
