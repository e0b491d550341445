# SPDX-License-Identifier: BSD-3-Clause
"""One row of a table: all peers take turns at one case, and every result is judged before its time counts."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any, Callable, Hashable, Mapping, Sequence, TypeVar

from compare.failures import PeerFailed

Name = TypeVar("Name", bound=Hashable)
Turn = Callable[[Name, str], "dict[str, Any]"]


@dataclass(frozen=True)
class Budget:
    """A cell has enough at so many rounds, or when so many seconds were timed; but not before two rounds."""

    rounds: int
    seconds: float
    limit_seconds: float  # of one call

    def is_used_up(self, times: Sequence[float]) -> bool:
        return len(times) >= self.rounds or (len(times) >= 2 and sum(times) >= self.seconds)


@dataclass
class Entry:
    """What one peer did. ``failure`` is what its cell says instead of figures."""

    failure: str = ""
    stored_bytes: int = 0
    seconds: dict[str, dict[int, float]] = field(default_factory=dict)  # by operation and round
    work: dict[str, dict[int, float]] = field(default_factory=dict)  # of all threads
    more: dict[str, Any] = field(default_factory=dict)  # loss, SSIM, peak memory

    def least(self, operation: str) -> float:
        return min(self.seconds[operation].values())

    def median(self, operation: str) -> float:
        return statistics.median(self.seconds[operation].values())

    def has(self, operation: str) -> bool:
        return not self.failure and bool(self.seconds.get(operation))


def take_turns(
    names: Sequence[Name],
    operations: Sequence[str],
    turn: Turn[Name],
    budget: Budget,
    anchors: Sequence[Name] = (),
) -> dict[Name, Entry]:
    """Rounds until every peer has enough; who begins changes from round to round; a peer that fails is out.

    ``turn`` does an operation once, judges what came of it, and returns the worker's answer or raises PeerFailed. Those
    that have enough sit out, but for the anchors, which the others are held against in each round.
    """
    entries = {name: Entry(seconds={o: {} for o in operations}, work={o: {} for o in operations}) for name in names}
    number = 0
    while True:
        left = [name for name in names if not entries[name].failure and not _is_done(entries[name], operations, budget)]
        if not left:
            return entries
        playing = [name for name in names if name in left or (name in anchors and not entries[name].failure)]
        shift = number % len(playing)
        for name in playing[shift:] + playing[:shift]:
            _play(entries[name], name, operations, turn, number)
        number += 1


def _is_done(entry: Entry, operations: Sequence[str], budget: Budget) -> bool:
    return all(budget.is_used_up(list(entry.seconds[operation].values())) for operation in operations)


def _play(entry: Entry, name: Name, operations: Sequence[str], turn: Turn[Name], number: int) -> None:
    try:
        for operation in operations:
            answer = turn(name, operation)
            entry.seconds[operation][number] = answer["seconds"]
            entry.work[operation][number] = answer["work"]
            entry.stored_bytes = answer.get("stored_bytes", entry.stored_bytes)
    except PeerFailed as failure:
        entry.failure = str(failure)


def speed_ratio(ours: Entry, theirs: Entry, operation: str) -> float | None:
    """How many times as fast ours is: the median of the ratios within the rounds that both took part in."""
    ratios = ratios_of(ours, theirs, operation)
    return statistics.median(ratios) if ratios else None


def ratios_of(ours: Entry, theirs: Entry, operation: str) -> list[float]:
    if ours.failure or theirs.failure:
        return []
    mine, other = ours.seconds.get(operation, {}), theirs.seconds.get(operation, {})
    return [other[number] / mine[number] for number in sorted(mine.keys() & other.keys())]


def work_ratio(ours: Entry, theirs: Entry, operation: str) -> float | None:
    """How many times less work ours is, by the least CPU time of all threads: it tells more on a busy machine."""
    works = [list(entry.work.get(operation, {}).values()) for entry in (ours, theirs)]
    if ours.failure or theirs.failure or not all(works) or not min(works[0]):
        return None
    return min(works[1]) / min(works[0])


def best_of(entries: Mapping[Name, Entry], operation: str, counts: Callable[[Name], bool]) -> Name | None:
    """The fastest of those that count, by the median."""
    names = [name for name, entry in entries.items() if counts(name) and entry.has(operation)]
    return min(names, key=lambda name: entries[name].median(operation), default=None)
