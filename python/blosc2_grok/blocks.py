# SPDX-License-Identifier: BSD-3-Clause
"""The stored blocks of an array, read from Blosc2's chunks without decoding anything."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Optional, Tuple

from .containers import Blosc2Container, Container, Shape, count_parts, open_container, unravel
from .errors import Error

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER_BYTES = 32
JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
J2K_SIGNATURE = b"\xff\x4f\xff\x51"
JPEG2000_CODECS = (37, 39, 40)
"""Blosc2's codec ids: grok, j2k, htj2k."""
JPEG2000_KINDS = ("jp2", "j2k", "unknown")
"""``StoredBlock.kind`` of the blocks of these codecs."""

_OTHER_CODEC_FORMAT = 6  # in the upper three bits of the flags: the codec is named by the byte udcodec
_STORED = 0x02
_NOT_SPLIT = 0x10
_SPECIAL = {1: "zero", 2: "nan", 3: "value", 4: "uninitialized"}


@dataclass(frozen=True)
class StoredBlock:
    """One block as it is stored."""

    chunk: int
    """Number of the chunk."""
    block: int
    """Number of the block in its chunk."""
    start: Tuple[int, ...]
    """Coordinates of its first sample in the array; of a plain SChunk: (number of its first item,)."""
    shape: Tuple[int, ...]
    """Samples of the array that it holds, along each axis: without the padding beyond the array's end."""
    kind: str
    """"jp2" or "j2k"; "unknown": by a JPEG 2000 codec, but not recognizable as such (damaged);
    with ``all=True`` also "other" (another codec), "raw", "zero", "run" (of one byte value), "nan", "value" and
    "uninitialized"."""
    data: bytes
    """Its stored bytes: the complete file or codestream, the raw samples, or the value that is repeated."""
    nbytes: int
    """Bytes that it decodes to; where Blosc2 split the block, each of its streams counts as one."""
    block_shape: Tuple[int, ...]
    """Shape that those bytes have: the blocks' own, with padding."""


def check_belongs(container: Container, block: StoredBlock, description: Mapping[str, Any]) -> None:
    """What Blosc2 has this codec check, for blocks that are decoded without it: a chunk may come from another array.

    :raises Error: the block was not written for its place.
    """
    if not isinstance(container, Blosc2Container):
        return
    if description["legacy"]:
        if container.parameters() is not None:
            raise Error("block has no segment of ours, but its array has parameters of this plugin")
    elif container.dtype is not None and not description["row_of_bytes"]:
        stored, expected = description["extents"], [n for n in block.block_shape if n != 1]
        if expected not in (stored, stored[:-1]):  # the two floats of a complex number come on top
            sizes = (" x ".join(map(str, sides)) or "1" for sides in (stored, expected))
            raise Error("stored block has {} samples, the array's blocks have {}".format(*sizes))


def codestreams(b: Any, *, all: bool = False) -> Iterator[StoredBlock]:
    """Iterates over the JPEG 2000 blocks of an array, each a complete JP2 file or J2K codestream.

    :param b: a ``blosc2.NDArray``, ``blosc2.SChunk``, the path of either, or an h5py dataset with Blosc2's filter.
    :param all: also the blocks that are stored otherwise (``kind`` says how), and those wholly in the padding.
    :returns: an iterator of ``StoredBlock``; chunk by chunk, and block by block in it.
    :raises Error: a chunk is damaged: its header or offsets don't fit; or the dataset has other filters.
    :raises TypeError: ``b`` is nothing that holds blocks.

    ```python
    >>> import blosc2_grok, numpy
    >>> array = blosc2_grok.asarray(numpy.arange(60_000, dtype="u2").reshape(200, 300), blocks=(100, 300))
    >>> [(block.start, block.kind) for block in blosc2_grok.codestreams(array)]
    [((0, 0), 'j2k'), ((100, 0), 'j2k')]
    >>> next(blosc2_grok.codestreams(array)).data[:4].hex()  # a codestream that other programs read
    'ff4fff51'

    ```
    """
    container = open_container(b)
    for number in range(len(container)):
        for placed in placed_blocks(container, number):
            if all or (placed.kind in JPEG2000_KINDS and 0 not in placed.shape):
                yield placed


def placed_blocks(
    container: Container, number: int, loaded: Optional[Tuple[bytes, Shape]] = None
) -> Iterator[StoredBlock]:
    """The blocks of one chunk, with their place in the array; ``loaded``: what the container gave for it."""
    start = container.start(number)
    chunk, blocks = container.load(number) if loaded is None else loaded
    for block in _chunk_blocks(number, chunk):
        if container.dtype is None:
            yield _place_in_line(block, start[0], max(chunk[3], 1))
        else:
            yield _place_in_grid(block, container, start, blocks)


def _place_in_grid(block: StoredBlock, container: Container, chunk_start: Shape, blocks: Shape) -> StoredBlock:
    place = unravel(block.block, count_parts(container.chunks, blocks))
    if place is None:
        raise Error(
            f"chunk {block.chunk}, block {block.block}: outside the grid of an array of shape {container.shape}, "
            f"chunks {container.chunks}, blocks {blocks}"
        )
    start, shape = [], []
    for c, b, chunk, part, whole in zip(chunk_start, place, container.chunks, blocks, container.shape):
        first = c + b * part
        start.append(first)
        # A block reaches neither beyond its chunk nor beyond the array.
        shape.append(max(0, min(first + part, c + chunk, whole) - first))
    return replace(block, start=tuple(start), shape=tuple(shape), block_shape=blocks)


def _place_in_line(block: StoredBlock, first_item: int, itemsize: int) -> StoredBlock:
    """A plain SChunk's chunks may differ in block size."""
    items = (block.nbytes // itemsize,)
    return replace(block, start=(first_item + block.start[0] // itemsize,), shape=items, block_shape=items)


def _chunk_blocks(number: int, chunk: bytes) -> Iterator[StoredBlock]:
    """The blocks of one chunk, not yet placed in the array: ``start`` is in bytes, from the chunk's own."""

    def damaged(what: str) -> Error:
        return Error(f"chunk {number} is damaged: {what}")

    if len(chunk) < HEADER_BYTES:
        raise damaged(f"{len(chunk)} bytes, where its header alone has {HEADER_BYTES}")
    flags, typesize = chunk[2], chunk[3]
    nbytes, blocksize, cbytes = struct.unpack_from("<iii", chunk, 4)
    udcodec, blosc2_flags = chunk[22], chunk[31]
    if cbytes != len(chunk):
        raise damaged(f"its header says {cbytes} bytes, there are {len(chunk)}")
    if nbytes < 0 or (nbytes and blocksize <= 0):
        raise damaged(f"its header says {nbytes} bytes in blocks of {blocksize}")
    if nbytes == 0:
        return
    count = -(-nbytes // blocksize)

    def block(index: int, kind: str, data: bytes) -> StoredBlock:
        size = min(blocksize, nbytes - index * blocksize)
        return StoredBlock(number, index, (index * blocksize,), (), kind, data, size, ())

    special = (blosc2_flags >> 4) & 0x07
    if special:
        if special not in _SPECIAL:
            raise damaged(f"special value {special} is not known")
        for index in range(count):
            yield block(index, _SPECIAL[special], chunk[HEADER_BYTES:])
        return
    if flags & _STORED:
        if HEADER_BYTES + nbytes != cbytes:
            raise damaged(f"{nbytes} bytes are stored as they are, in {cbytes}")
        for index in range(count):
            first = HEADER_BYTES + index * blocksize
            yield block(index, "raw", chunk[first : min(first + blocksize, cbytes)])
        return

    if HEADER_BYTES + 4 * count > cbytes:
        raise damaged(f"{count} block offsets don't fit into {cbytes} bytes")
    is_jpeg2000 = flags >> 5 == _OTHER_CODEC_FORMAT and udcodec in JPEG2000_CODECS
    for index, offset in enumerate(struct.unpack_from(f"<{count}i", chunk, HEADER_BYTES)):
        if not HEADER_BYTES + 4 * count <= offset <= cbytes - 4:
            raise damaged(f"block {index} begins at {offset} of {cbytes}")
        size = min(blocksize, nbytes - index * blocksize)
        is_split = not flags & _NOT_SPLIT and typesize > 1 and size == blocksize and size % typesize == 0
        if is_split:
            size //= typesize
        for _ in range(typesize if is_split else 1):
            if offset > cbytes - 4:
                raise damaged(f"block {index} goes on beyond the end")
            (stored,) = struct.unpack_from("<i", chunk, offset)
            offset += 4
            if stored == 0:
                yield replace(block(index, "zero", b""), nbytes=size)
                continue
            if stored < 0:  # a run: the byte's value is the size's low byte, and one token byte follows
                yield replace(block(index, "run", bytes([-stored & 0xFF])), nbytes=size)
                offset += 1
                continue
            if stored > cbytes - offset:
                raise damaged(f"block {index} has {stored} bytes, with {cbytes - offset} left")
            data = chunk[offset : offset + stored]
            offset += stored
            kind = "raw" if stored == size else _kind(data) if is_jpeg2000 else "other"
            yield replace(block(index, kind, data), nbytes=size)


def locate_streams(chunk: bytes) -> Optional[NDArray[Any]]:
    """(n, 3) int32 for the n blocks of a chunk: first byte, bytes, 0.

    None where it has other things than one stream of a JPEG 2000 codec a block, or is damaged: ``placed_blocks`` tells.
    """
    import numpy as np

    if len(chunk) < HEADER_BYTES:
        return None
    flags, special = chunk[2], (chunk[31] >> 4) & 0x07
    nbytes, blocksize, cbytes = struct.unpack_from("<iii", chunk, 4)
    is_jpeg2000 = flags >> 5 == _OTHER_CODEC_FORMAT and chunk[22] in JPEG2000_CODECS
    is_split = not flags & _NOT_SPLIT and chunk[3] > 1
    if special or flags & _STORED or is_split or not is_jpeg2000 or cbytes != len(chunk) or min(nbytes, blocksize) <= 0:
        return None
    count = -(-nbytes // blocksize)
    if HEADER_BYTES + 4 * count > cbytes:
        return None
    streams = []
    for start in struct.unpack_from(f"<{count}i", chunk, HEADER_BYTES):
        if not HEADER_BYTES + 4 * count <= start <= cbytes - 4:
            return None
        (size,) = struct.unpack_from("<i", chunk, start)
        if not 0 < size <= cbytes - start - 4 or size == blocksize:
            return None
        streams.append((start + 4, size, 0))
    return np.array(streams, dtype=np.int32)


def _kind(data: bytes) -> str:
    if data.startswith(JP2_SIGNATURE):
        return "jp2"
    return "j2k" if data.startswith(J2K_SIGNATURE) else "unknown"
