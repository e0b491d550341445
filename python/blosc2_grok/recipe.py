# SPDX-License-Identifier: BSD-3-Clause
"""Chunks that are encoded apart from their array: by other threads, processes or machines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterator, List, Mapping, Sequence, Tuple

import blosc2
import numpy as np
from numpy.typing import NDArray

from . import _native
from .errors import Error, last_error, notices
from .partition import Shape, iterate_grid

Placed = Tuple[Shape, bytes]
"""Where a chunk begins in its array, and its bytes."""


@dataclass(frozen=True)
class ChunkRecipe:
    """What turns samples into a chunk of an array; small, and can be pickled."""

    shape: Shape
    dtype: np.dtype[Any]
    chunks: Shape
    blocks: Shape
    cparams: Mapping[str, Any]
    meta: Mapping[str, Any]
    as_frames: bool = False
    """Whole Blosc2 frames of one chunk, as HDF5's filter 32026 has them, instead of bare chunks."""

    def encode(self, samples: NDArray[Any]) -> bytes:
        """Up to a chunk's samples, as the array would store them; what is missing at its end is padding."""
        whole = np.zeros(self.chunks, dtype=self.dtype)
        whole[tuple(slice(0, n) for n in samples.shape)] = samples
        # One thread: the caller runs as many of these at once as there are cores.
        cparams = {"nthreads": 1, **self.cparams}
        serial = _native.message_serial()
        try:
            array = blosc2.asarray(whole, chunks=self.chunks, blocks=self.blocks, cparams=cparams, meta=dict(self.meta))
        except RuntimeError as error:
            reason = last_error(serial)
            raise Error(reason.text if reason else str(error)) from error
        return bytes(array.to_cframe() if self.as_frames else array.schunk.get_chunk(0))


@dataclass(frozen=True)
class EncodedPart:
    """Some chunks, and what the codec had to say about them."""

    chunks: List[Placed]
    notices: List[str]
    process: int
    """Who encoded them: notices of this process are in its own ring already."""


def encode_part(samples: Any, start: Sequence[int], recipe: ChunkRecipe) -> EncodedPart:
    """All chunks of a part of the array that begins where a chunk does.

    :raises Error: says where the chunk begins, and why it could not be coded.
    """
    part = np.require(samples, dtype=recipe.dtype)
    serial = _native.message_serial()
    encoded: List[Placed] = []
    for region in iterate_grid(part.shape, recipe.chunks):
        place = tuple(begin + axis.start for begin, axis in zip(start, region))
        try:
            encoded.append((place, recipe.encode(part[region])))
        except Error as error:
            raise Error(f"chunk at {place}: {error}") from error
    return EncodedPart(encoded, sorted({notice.text for notice in notices(serial)}), os.getpid())


class ChunkSource:
    """A source of samples for ``asarray`` that hands over chunks which are encoded already."""

    shape: Shape
    dtype: np.dtype[Any]

    def encoded_chunks(self, recipe: ChunkRecipe) -> Iterator[Placed]:
        """Every chunk of the array, in order."""
        raise NotImplementedError
