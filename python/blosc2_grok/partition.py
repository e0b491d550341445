# SPDX-License-Identifier: BSD-3-Clause
"""Which axes of an array are rows, columns and channels, and chunks and blocks that suit them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Tuple, Union

Shape = Tuple[int, ...]
Layout = Union[str, Sequence[int], None]
Region = Tuple[slice, ...]

BLOCK_BYTES = 512 * 1024
"""What blocks aim at: large enough for the wavelet and for headers to weigh nothing, small enough to share out."""
MOST_BLOCK_BYTES = 1024 * 1024
LEAST_BLOCK_BYTES = 64 * 1024
"""Images smaller than this share a block; blocks that stay smaller are bare codestreams, without the boxes of JP2."""
CHUNK_BLOCKS = 16
"""Blosc2's threads share the blocks of a chunk."""
MOST_CHUNK_BYTES = 8 * 1024 * 1024
MOST_IMAGE_BYTES = 64 * 1024 * 1024
SIDE_MULTIPLE = 32
"""So that blocks fit together at reduced resolutions, down to 1/32."""
MOST_PLANES = 16384


@dataclass(frozen=True)
class Roles:
    """Axes of the array; None: there is none of this kind. The other axes are planes."""

    row: Optional[int]
    column: Optional[int]
    channel: Optional[int]

    def to_layout(self) -> Union[str, List[int]]:
        """As the parameter ``layout``."""
        if self.row is None or self.column is None:
            return "row"
        return [self.row, self.column] + ([] if self.channel is None else [self.channel])

    def planes(self, ndim: int) -> List[int]:
        return [axis for axis in range(ndim) if axis not in (self.row, self.column, self.channel)]


def resolve_roles(shape: Sequence[int], layout: Layout, itemsize: int) -> Roles:
    """The rule of docs/design.md, "Every shape", as src/geometry.cpp has it."""
    if layout is not None and not isinstance(layout, str):
        axes = list(layout)
        for axis in axes:
            if axis >= len(shape):
                raise ValueError(f"layout names axis {axis} of an array of {len(shape)} axes")
        return Roles(axes[0], axes[1], axes[2] if len(axes) == 3 else None)
    long = [axis for axis, extent in enumerate(shape) if extent != 1]
    if layout == "row" or len(long) < 2:
        return Roles(None, long[-1] if long else None, None)
    extents = [shape[axis] for axis in long]
    looks_interleaved = (
        layout is None
        and itemsize <= 2
        and len(long) >= 3
        and extents[-1] in (3, 4)
        and min(extents[-3:-1]) > extents[-1]
    )
    if layout == "interleaved" and len(long) < 3:
        raise ValueError(f"layout 'interleaved' needs three axes longer than 1, the array has {len(long)}")
    if layout == "interleaved" or looks_interleaved:
        return Roles(long[-3], long[-2], long[-1])
    return Roles(long[-2], long[-1], None)


def pick_blocks(shape: Sequence[int], roles: Roles, itemsize: int) -> Shape:
    """Whole images where they have up to a mebibyte, else parts of about 512 KiB with sides that are multiples of 32;
    several images where a single one has less than 64 KiB."""
    blocks = [1] * len(shape)
    if roles.channel is not None:
        blocks[roles.channel] = max(shape[roles.channel], 1)
    sides = [axis for axis in (roles.row, roles.column) if axis is not None]
    for axis in sides:
        blocks[axis] = max(shape[axis], 1)
    if _bytes(blocks, itemsize) > MOST_BLOCK_BYTES:
        _cut_sides(blocks, sides, itemsize)
    for axis in reversed(roles.planes(len(shape))):
        missing = -(-LEAST_BLOCK_BYTES // max(_bytes(blocks, itemsize), 1))
        blocks[axis] = max(min(shape[axis], missing, MOST_PLANES), 1)
    return tuple(blocks)


def _cut_sides(blocks: List[int], sides: List[int], itemsize: int) -> None:
    """Into equal parts, as nearly square as a block of BLOCK_BYTES allows."""
    samples = BLOCK_BYTES // (_bytes(blocks, itemsize) // math.prod(blocks[axis] for axis in sides))
    for position, axis in enumerate(sorted(sides, key=lambda axis: blocks[axis])):
        side = samples ** (1 / (len(sides) - position))
        parts = max(round(blocks[axis] / side), 1)
        if parts > 1:
            length = -(-blocks[axis] // parts)
            blocks[axis] = -(-length // SIDE_MULTIPLE) * SIDE_MULTIPLE
        samples = max(samples // blocks[axis], SIDE_MULTIPLE)


def pick_chunks(shape: Sequence[int], blocks: Sequence[int], roles: Roles, itemsize: int) -> Shape:
    """Several blocks, so that Blosc2's threads share the work: up to 16 and 8 MiB, first of one image, then of the
    next ones."""
    most = max(min(CHUNK_BLOCKS, MOST_CHUNK_BYTES // max(_bytes(blocks, itemsize), 1)), 1)
    # An axis of length 0 is one that grows.
    grid = [-(-whole // part) if whole else most for whole, part in zip(shape, blocks)]
    counts = [1] * len(grid)
    sides = [axis for axis in (roles.channel, roles.column, roles.row) if axis is not None]
    for axis in sides + roles.planes(len(shape))[::-1]:
        room = max(most // math.prod(counts), 1)
        parts = -(-grid[axis] // room)
        counts[axis] = -(-grid[axis] // parts)
    return tuple(
        max(min(count * part, whole) if whole else count * part, 1) for count, part, whole in zip(counts, blocks, shape)
    )


def pick_whole_images(shape: Sequence[int], roles: Roles, itemsize: int) -> Shape:
    """Chunks as ``pick_chunks`` has them, but of one whole image where that is larger, up to 64 MiB: for sources that
    decode images in one piece."""
    chunks = pick_chunks(shape, pick_blocks(shape, roles, itemsize), roles, itemsize)
    image = [1] * len(shape)
    for axis in (roles.row, roles.column, roles.channel):
        if axis is not None:
            image[axis] = max(shape[axis], 1)
    is_larger = any(whole > part for whole, part in zip(image, chunks))
    return tuple(image) if is_larger and _bytes(image, itemsize) <= MOST_IMAGE_BYTES else chunks


def _bytes(shape: Sequence[int], itemsize: int) -> int:
    return math.prod(shape) * itemsize


def check_planes(blocks: Sequence[int], roles: Roles, words: int = 1) -> None:
    """Raises ValueError where blocks are no JPEG 2000 images: more than 16,384 components."""
    planes = math.prod(blocks[axis] for axis in roles.planes(len(blocks))) * words
    planes *= 1 if roles.channel is None else blocks[roles.channel]
    if planes > MOST_PLANES:
        raise ValueError(
            f"blocks {tuple(blocks)} have {planes} planes, a JPEG 2000 image has at most {MOST_PLANES}: "
            "choose blocks that are shorter along the stack's axes, or another layout"
        )


def iterate_grid(shape: Sequence[int], parts: Sequence[int]) -> Iterator[Region]:
    """The regions of ``shape`` that a grid of ``parts`` makes, in C order, cut off at the end."""
    ranges = [range(0, whole, max(part, 1)) for whole, part in zip(shape, parts)]
    for start in itertools.product(*ranges):
        yield tuple(slice(n, min(n + part, whole)) for n, part, whole in zip(start, parts, shape))


def block_starts(shape: Sequence[int], chunks: Sequence[int], blocks: Sequence[int]) -> List[List[int]]:
    """Along each axis, where blocks with samples of the array begin: they are counted from their chunk's start."""
    return [
        [n for c in range(0, whole, max(chunk, 1)) for n in range(c, min(c + chunk, whole), max(block, 1))]
        for whole, chunk, block in zip(shape, chunks, blocks)
    ]
