# SPDX-License-Identifier: BSD-3-Clause
"""Some blocks of a source, as Blosc2 would hand them to the codec, and trials with them."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from . import _native
from .checked import normal_params
from .containers import unravel
from .partition import Region, Shape, block_starts

SAMPLED_BLOCKS = 16
SAMPLED_BYTES = 16 * 1024 * 1024
CACHED_BYTES = 256 * 1024 * 1024

_CHUNK_HEADER_BYTES = 32
_BLOCK_OVERHEAD_BYTES = 8  # its place in the chunk and its size


@dataclass(frozen=True)
class Grid:
    """How an array is cut into blocks."""

    shape: Shape
    dtype: np.dtype[Any]
    chunks: Shape
    blocks: Shape

    def starts(self) -> List[List[int]]:
        return block_starts(self.shape, self.chunks, self.blocks)

    def region(self, start: Sequence[int]) -> Region:
        """What a block holds of the array."""
        ends = [
            min(n + block, n - n % max(chunk, 1) + chunk, whole)
            for n, block, chunk, whole in zip(start, self.blocks, self.chunks, self.shape)
        ]
        return tuple(slice(n, end) for n, end in zip(start, ends))

    def raw_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def chunk_overhead(self) -> float:
        """Bytes of Blosc2's own for each block, its share of the chunk's header included."""
        per_chunk = math.prod(-(-c // max(b, 1)) for c, b in zip(self.chunks, self.blocks))
        return _BLOCK_OVERHEAD_BYTES + _CHUNK_HEADER_BYTES / max(per_chunk, 1)


@dataclass
class Trial:
    """What became of one block."""

    raw_bytes: int
    stored_bytes: float
    mse: float


@dataclass
class Sample:
    """Blocks of a source, as Blosc2 would hand them to the codec."""

    source: Any
    grid: Grid
    everything: bool = False  # all blocks, not SAMPLED_BLOCKS of them
    slope: float = 0.7  # of log(ratio) over log(rmse), as last seen
    threads: int = 0  # 0: as many as there are cores
    _cache: List[Tuple[NDArray[Any], Region]] = field(default_factory=list)

    @cached_property
    def positions(self) -> List[Tuple[int, ...]]:
        """Where the blocks begin: spread evenly, each at random within its part (seeded)."""
        starts, grid = self.grid.starts(), self.grid
        count = math.prod(len(axis) for axis in starts)
        block_bytes = math.prod(grid.blocks) * grid.dtype.itemsize
        wanted = max(min(SAMPLED_BLOCKS, SAMPLED_BYTES // max(block_bytes, 1)), 4)
        if self.everything or count <= wanted:
            numbers: Iterable[int] = range(count)
        else:
            edges = np.linspace(0, count, wanted + 1).astype(np.int64)
            numbers = np.random.default_rng(0).integers(edges[:-1], edges[1:]).tolist()
        lengths = [len(axis) for axis in starts]
        return [tuple(axis[i] for axis, i in zip(starts, unravel(number, lengths) or ())) for number in numbers]

    def forget(self) -> None:
        """Gives the memory of blocks back; they would be read again."""
        self._cache = []

    def blocks(self) -> Iterator[Tuple[NDArray[Any], Region]]:
        """Each with its padding, and the region of the array that it holds."""
        if self._cache:
            yield from self._cache
            return
        cached: List[Tuple[NDArray[Any], Region]] = []
        keeps = len(self.positions) * math.prod(self.grid.blocks) * self.grid.dtype.itemsize <= CACHED_BYTES
        for position in self.positions:
            region = self.grid.region(position)
            block = np.zeros(self.grid.blocks, dtype=self.grid.dtype)
            part = np.asarray(self.source[region] if self.grid.shape else self.source)
            block[tuple(slice(0, n) for n in part.shape)] = part
            if keeps:
                cached.append((block, region))
            yield block, region
        self._cache = cached

    def images(self) -> Iterator[NDArray[Any]]:
        """The samples of the array in each block, without padding."""
        for block, region in self.blocks():
            yield block[tuple(slice(0, r.stop - r.start) for r in region)]

    def try_parameters(self, parameters: Mapping[str, Any], most_blocks: Optional[int] = None) -> List[Trial]:
        """Encodes the blocks, several at a time; Error says what can't be done."""
        pairs = list(_first(self.blocks(), most_blocks)) if self._cache or most_blocks else self.blocks()
        packed = normal_params(parameters)
        with ThreadPoolExecutor(max_workers=self.threads or os.cpu_count() or 1) as executor:
            return list(_map_bounded(executor, lambda pair: self._try_block(pair, packed), pairs))

    def _try_block(self, pair: Tuple[NDArray[Any], Region], parameters: Mapping[str, Any]) -> Trial:
        block, region = pair
        raw = math.prod(r.stop - r.start for r in region) * self.grid.dtype.itemsize
        if not block.any():
            return Trial(raw, self.grid.chunk_overhead(), 0.0)
        stored = encode(block, self.grid, parameters)
        if stored is None:
            return Trial(raw, block.nbytes + self.grid.chunk_overhead(), 0.0)
        mse = float(_native.describe_block(stored).get("mse", 0.0))
        return Trial(raw, len(stored) + self.grid.chunk_overhead(), mse)


def _first(pairs: Iterator[Any], most: Optional[int]) -> Iterator[Any]:
    for count, pair in enumerate(pairs):
        if most is None or count < most:
            yield pair


def _map_bounded(executor: ThreadPoolExecutor, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Like executor.map, which would read all items at once."""
    pending: List[Any] = []
    for item in items:
        pending.append(executor.submit(function, item))
        if len(pending) >= 2 * (os.cpu_count() or 1):
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()


def encode(block: NDArray[Any], grid: Grid, parameters: Mapping[str, Any]) -> Optional[bytes]:
    """One block as it would be stored; None: raw."""
    shape = grid.shape or (1,)
    samples = np.ascontiguousarray(block).reshape(grid.blocks or (1,))
    return _native.encode_block(
        samples.view(np.uint8).reshape(-1) if samples.size else samples,
        dtype=grid.dtype.str,
        block_shape=samples.shape,
        array_shape=shape,
        parameters=parameters,
    )


def ratio_of_trials(trials: Sequence[Trial]) -> float:
    return sum(trial.raw_bytes for trial in trials) / max(sum(trial.stored_bytes for trial in trials), 1)
