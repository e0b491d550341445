# SPDX-License-Identifier: BSD-3-Clause
"""The blocks of one stored chunk, decoded at the resolution asked for: by one call where they can be."""

from __future__ import annotations

import itertools
import math
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import blosc2
import numpy as np
from numpy.typing import NDArray

from . import _native
from .blocks import JPEG2000_KINDS, StoredBlock, check_belongs, locate_streams, placed_blocks
from .containers import Container, Shape, count_parts
from .errors import Error
from .host_faults import knows_siblings
from .siblings import CODECS, rename_in_chunk

Slices = Tuple[slice, ...]


class Piece(NamedTuple):
    """What a block has of the region asked for."""

    block: int
    """Its number in the chunk."""
    source: Slices
    """In the block's samples, at the lower resolution."""
    target: Slices
    """In what is read."""


class _Cut(NamedTuple):
    """A piece along one axis."""

    block: int
    source: slice
    target: slice


def shift_up(numbers: Sequence[int], shifts: Sequence[int]) -> Shape:
    """Divided by 2^shift, rounded up."""
    return tuple(-(-number >> shift) for number, shift in zip(numbers, shifts))


class ChunkReader:
    """Decodes blocks of a chunk, each as [start, stop) / 2^shift along each axis, and with so many quality layers."""

    def __init__(self, container: Container, number: int, shifts: Shape, layers: int) -> None:
        self.container, self.number, self.shifts, self.layers = container, number, shifts, layers
        self.stored, self.blocks = container.load(number)
        self.grid = count_parts(container.chunks, self.blocks)
        self.dtype = container.dtype
        self._samples: Optional[bytes] = None
        self._placed: Optional[Dict[int, StoredBlock]] = None

    def stored_bytes_each(self) -> int:
        """Of a block, in the mean; never 0, like the next one."""
        return max(1, len(self.stored) // max(1, math.prod(self.grid)))

    def wanted_bytes_each(self) -> int:
        return max(1, math.prod(shift_up(self.blocks, self.shifts)) * int(self.dtype.itemsize))

    def pieces(self, low: Shape, high: Shape) -> Iterator[Piece]:
        """Of the blocks that have samples of [low, high), which is at the lower resolution; in raster order."""
        begin = self.container.start(self.number)
        end = (min(b + n, whole) for b, n, whole in zip(begin, self.container.chunks, self.container.shape))
        axes = [_cut(*axis) for axis in zip(begin, end, self.blocks, self.shifts, low, high)]
        for cuts in itertools.product(*axes):
            block = 0
            for cut, count in zip(cuts, self.grid):
                block = block * count + cut.block
            yield Piece(block, tuple(cut.source for cut in cuts), tuple(cut.target for cut in cuts))

    def put(self, pieces: Sequence[Piece], out: NDArray[Any]) -> None:
        """Decodes their blocks and writes them to ``out``.

        :raises Error: a block is damaged or can't be decoded.
        """
        if len(pieces) == 1 and self._decode_in_place(pieces[0], out[pieces[0].target]):
            return
        for piece, decoded in zip(pieces, self._decode_together([piece.block for piece in pieces])):
            samples = self._decode_alone(piece.block) if decoded is None else decoded
            out[piece.target] = samples[piece.source]

    def _decode_in_place(self, piece: Piece, target: NDArray[Any]) -> bool:
        """Straight into what is read, where all of a block is wanted and lies in line there."""
        streams = self._locate_streams() if target.flags.c_contiguous else None
        if streams is None or target.shape != shift_up(self.blocks, self.shifts):
            return False
        asked = streams[[piece.block]]
        _native.decode_reduced(self.stored, asked, target[np.newaxis], self.blocks, max(self.shifts), self.layers)
        return bool(asked[0, 2])

    def _locate_streams(self) -> Optional[NDArray[np.int32]]:
        """One for each block; None where Blosc2 stores the chunk in another way."""
        streams = locate_streams(self.stored)
        return streams if streams is not None and len(streams) == math.prod(self.grid) else None

    def _decode_together(self, numbers: List[int]) -> List[Optional[NDArray[Any]]]:
        """None for a block that has more to it than to be decoded at this resolution."""
        streams = self._locate_streams()
        if streams is None:
            return [None] * len(numbers)
        asked = streams[numbers]
        out = np.empty((len(numbers), *shift_up(self.blocks, self.shifts)), dtype=self.dtype)
        _native.decode_reduced(self.stored, asked, out, self.blocks, max(self.shifts), self.layers)
        return [samples if is_done else None for samples, is_done in zip(out, asked[:, 2])]

    def _decode_alone(self, number: int) -> NDArray[Any]:
        if self._placed is None:
            placed = placed_blocks(self.container, self.number, (self.stored, self.blocks))
            self._placed = {block.block: block for block in placed}
        block = self._placed.get(number)
        if block is None:
            raise Error(f"chunk {self.number} is damaged: it has no block {number}")
        try:
            return self._decode(block)
        except Error as error:
            raise Error(f"chunk {block.chunk}, block {block.block} at {block.start}: {error}") from error

    def _decode(self, block: StoredBlock) -> NDArray[Any]:
        """The block at the resolution asked for, padding included or not."""
        dtype, shifts = self.dtype, self.shifts
        nbytes = math.prod(block.block_shape) * dtype.itemsize
        is_split = block.nbytes != nbytes  # one of several streams of a block
        if block.kind in ("zero", "uninitialized") and not is_split:
            return np.zeros(shift_up(block.block_shape, shifts), dtype=dtype)
        # Otherwise it holds what Blosc2's filters made of the samples, and Blosc2 undoes them.
        is_plain = not is_split and self._is_unfiltered()
        if block.kind in JPEG2000_KINDS:
            description = _native.describe_block(block.data)
            check_belongs(self.container, block, description)
            possible = min(max(shifts, default=0), description["codestream"]["resolutions"] - 1)
            is_image = is_plain or bool(description.get("shuffled"))
            if is_image and (possible or self.layers) and _can_reduce(block, description, shifts):
                return self._decode_partly(block, possible)
        data: Any
        if is_plain and block.kind in JPEG2000_KINDS:
            data = _native.decode_block(block.data, nbytes)
        elif is_plain and block.kind == "raw" and len(block.data) == nbytes:
            data = block.data
        else:
            data = self._decode_by_host(block.block, nbytes)
        return _average(_view(data, block.block_shape, dtype), block.shape, shifts)

    def _decode_partly(self, block: StoredBlock, possible: int) -> NDArray[Any]:
        """As far down as the block has resolutions, then by averages."""
        done = tuple(min(shift, possible) for shift in self.shifts)
        shape = shift_up(block.block_shape, done)
        size = math.prod(shape) * self.dtype.itemsize
        data = _native.decode_block_partly(block.data, size, possible, self.layers)
        left = tuple(shift - less for shift, less in zip(self.shifts, done))
        return _average(_view(data, shape, self.dtype), shift_up(block.shape, done), left)

    def _is_unfiltered(self) -> bool:
        """Whether raw blocks are samples as they are: so are those of a chunk that is stored without compression."""
        return bool(self.stored[2] & 0x02) or not any(self.stored[16:22])

    def _decode_by_host(self, index: int, nbytes: int) -> bytes:
        """By Blosc2, which decodes the chunk, once."""
        if self._samples is None:
            chunk = self.stored
            if not knows_siblings() and chunk[22] in CODECS.values():
                chunk = rename_in_chunk(chunk, self.number, 0)
            self._samples = bytes(blosc2.decompress2(chunk))
        return self._samples[index * nbytes : (index + 1) * nbytes]


def _cut(begin: int, end: int, part: int, shift: int, low: int, high: int) -> List[_Cut]:
    """Along one axis of a chunk [begin, end), cut into parts, what each part has of [low, high) / 2^shift."""
    cuts = []
    for block, start in enumerate(range(begin, end, max(part, 1))):
        first = -(-start >> shift)
        last = first + -(-min(part, end - start) >> shift)
        a, b = max(first, low), min(last, high)
        if a < b:
            cuts.append(_Cut(block, slice(a - first, b - first), slice(a - low, b - low)))
    return cuts


def _can_reduce(block: StoredBlock, description: Mapping[str, Any], shifts: Shape) -> bool:
    """Whether decoding a part gives what is asked for: the block's rows and columns must be the array's."""
    if description["legacy"] or description["mapped"] or description["codestream"]["offset"] != [0, 0]:
        return False
    axes = [axis for axis, extent in enumerate(block.block_shape) if extent != 1]
    if [block.block_shape[axis] for axis in axes] != description["extents"]:
        return False
    coded = {axes[role] for role in description["roles"][:2] if role >= 0}
    return coded == {axis for axis in axes if shifts[axis]} or not any(shifts)


def _view(data: Any, shape: Shape, dtype: Any) -> NDArray[Any]:
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _average(samples: NDArray[Any], valid: Sequence[int], shifts: Sequence[int]) -> NDArray[Any]:
    """Means of cells of 2^shift samples; samples beyond ``valid`` don't count."""
    if not any(shifts):
        return samples
    dtype = samples.dtype
    wide: Any = {"c": np.complex128}.get(dtype.kind, np.longdouble if dtype.itemsize == 8 else np.float64)
    part = samples[tuple(slice(0, n) for n in valid)].astype(wide)
    for axis, shift in enumerate(shifts):
        if shift == 0:
            continue
        edges = np.arange(0, part.shape[axis], 1 << shift)
        counts = np.diff(np.append(edges, part.shape[axis]))
        counts = counts.reshape([-1 if a == axis else 1 for a in range(part.ndim)])
        part = np.add.reduceat(part, edges, axis=axis) / counts
    if dtype.kind == "b":
        return np.asarray(part >= 0.5)
    return np.asarray((np.rint(part) if dtype.kind in "ui" else part).astype(dtype))
