# SPDX-License-Identifier: BSD-3-Clause
"""Stacks as they are read: in an order that suits their chunks, or some of their images only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import planning
from ..partition import Region

SLAB_BYTES = 256 * 1024 * 1024
"""Most that is read at once of a source whose chunks aren't those of the dataset."""


class Slabs:
    """A chunked source, read several images at a time: none of its chunks has to be decoded for each of its images."""

    def __init__(self, source: Any, dtype: np.dtype[Any]) -> None:
        self.source = source
        self.depth = int(source.chunks[0])
        image_bytes = math.prod(source.shape[1:]) * dtype.itemsize
        self.rows = max(min(self.depth, SLAB_BYTES // max(image_bytes, 1)), 1)
        self.first = self.last = 0
        self.slab: Any = None

    def __getitem__(self, region: Region) -> NDArray[Any]:
        start, stop = region[0].start, region[0].stop
        if not self.first <= start < stop <= self.last:
            end = max(min(start + self.rows, start - start % self.depth + self.depth), stop)
            self.slab = None  # before the next one is there
            self.slab = np.asarray(self.source[start : min(end, self.source.shape[0])])
            self.first, self.last = start, start + len(self.slab)
        key = (slice(start - self.first, stop - self.first), *region[1:])
        return np.asarray(self.slab[key])


def in_slabs(source: Any, plan: planning.Plan) -> Any:
    """The source, or a reader of it that suits its chunks."""
    chunks = getattr(source, "chunks", None)
    image_bytes = math.prod(plan.shape[1:]) * plan.dtype.itemsize
    is_regular = isinstance(chunks, tuple) and len(chunks) == len(plan.shape) and all(type(n) is int for n in chunks)
    if not is_regular or chunks == plan.chunks or image_bytes * plan.chunks[0] > SLAB_BYTES:
        return source
    return Slabs(source, plan.dtype)


class Images:
    """Some images of a stack, as a stack."""

    def __init__(self, source: Any, numbers: NDArray[np.intp]) -> None:
        self.source = source
        self.numbers = numbers
        self.dtype = source.dtype
        self.shape = (len(numbers), *source.shape[1:])

    def __getitem__(self, region: Region) -> NDArray[Any]:
        keys = [(slice(n, n + 1), *region[1:]) for n in self.numbers[region[0]].tolist()]
        images = [self.source[key] for key in keys]
        return np.concatenate(images)
