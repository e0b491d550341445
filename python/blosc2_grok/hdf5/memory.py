# SPDX-License-Identifier: BSD-3-Clause
"""How many whole images are coded at the same time: each takes several times its size while it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Optional

LOSSLESS_IMAGES = 1.7
LOSSY_IMAGES = 2.5
"""What coding a 16-bit image takes beside its samples, in images: coefficients of 2 or 4 bytes, and the codestream."""

_LEAST_IMAGES = 4


@dataclass(frozen=True)
class Means:
    """What may be used."""

    jobs: int
    """Threads."""
    memory: Optional[int] = None
    """Bytes that images under way may take; at least one is. None: any."""

    @classmethod
    def of(cls, jobs: Optional[int], memory: Optional[int]) -> Means:
        """As many threads as the process has cores, if nothing is said."""
        if jobs is None:
            jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if jobs < 1:
            raise ValueError(f"jobs is {jobs}: it must be 1 or more")
        if memory is not None and memory < 1:
            raise ValueError(f"memory is {memory}: it must be None or a number of bytes above 0")
        return cls(jobs, memory)


@dataclass(frozen=True)
class Crew:
    """How the threads are shared out."""

    workers: int
    """Images that are coded at the same time."""
    threads: int
    """Within each image."""
    reads_ahead: bool
    """Whether an image is read while these are coded."""

    @classmethod
    def within(cls, means: Means, image_bytes: int, images: int, is_lossy: bool) -> Crew:
        """As many workers as there is memory for, at least one."""
        workers, reads_ahead = min(means.jobs, images), True
        if means.memory is not None:
            each = 1 + (LOSSY_IMAGES if is_lossy else LOSSLESS_IMAGES)
            room = max(means.memory / image_bytes, _LEAST_IMAGES)
            workers = min(workers, int(room / each))
            reads_ahead = workers * each + 1 <= room
        return cls(workers, -(-means.jobs // workers), reads_ahead)
