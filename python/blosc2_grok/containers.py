# SPDX-License-Identifier: BSD-3-Clause
"""What holds blocks: Blosc2 arrays and SChunks, their files, and HDF5 datasets with Blosc2's or the HTJ2K filter."""

from __future__ import annotations

import itertools
import math
import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from . import _native
from .errors import Error

Shape = Tuple[int, ...]

BLOSC2_FILTER = 32026
HTJ2K_FILTER = 32033
GROK_CODEC = 37
METALAYER = "grok"


class Container:
    """An array's chunks, one after the other."""

    shape: Shape = ()
    chunks: Shape = ()
    dtype: Any = None
    """None: a plain SChunk, which has neither shape."""

    def __len__(self) -> int:
        """Number of chunks."""
        raise NotImplementedError

    def start(self, number: int) -> Shape:
        """Where a chunk begins in the array."""
        raise NotImplementedError

    def numbers_beginning(self, first: Sequence[int], last: Sequence[int]) -> Iterable[int]:
        """Of all chunks that begin between ``first`` and ``last`` along each axis, and maybe of others, in order."""
        return range(len(self))

    def load(self, number: int) -> Tuple[bytes, Shape]:
        """The chunk as Blosc2 stores it, and the shape of its blocks; empty bytes where nothing is stored."""
        raise NotImplementedError

    def parameters(self) -> Optional[Dict[str, Any]]:
        """The metalayer ``grok``, complete; None where there is none."""
        return None


def stored_parameters(b: Any) -> Optional[Dict[str, Any]]:
    """The metalayer of an NDArray or SChunk."""
    layers = getattr(b, "schunk", b).meta
    if METALAYER not in layers:
        return None
    try:
        found = layers[METALAYER]
    except IndexError as error:
        text = f"the metalayer '{METALAYER}' has an empty list, which Blosc2 before 4.2 can't read: leave it out"
        raise Error(text) from error
    return _native.normalize(found)


def as_dict(host_params: Any) -> Dict[str, Any]:
    """An SChunk's ``cparams`` or ``dparams``: objects, but dicts before Blosc2 3."""
    return dict(host_params if isinstance(host_params, Mapping) else vars(host_params))


class Blosc2Container(Container):
    def __init__(self, b: Any) -> None:
        self.array = b  # must outlive its schunk
        self.schunk = getattr(b, "schunk", b)
        if hasattr(b, "blocks"):
            self.shape, self.chunks = tuple(b.shape), tuple(b.chunks)
            self.blocks = tuple(b.blocks)
            self.dtype = b.dtype

    def __len__(self) -> int:
        return int(self.schunk.nchunks)

    def start(self, number: int) -> Shape:
        if self.dtype is None:
            return (number * self.schunk.chunksize // max(self.schunk.typesize, 1),)
        place = unravel(number, count_parts(self.shape, self.chunks))
        if place is None:
            raise Error(f"chunk {number}: outside the grid of an array of shape {self.shape}, chunks {self.chunks}")
        return tuple(n * chunk for n, chunk in zip(place, self.chunks))

    def numbers_beginning(self, first: Sequence[int], last: Sequence[int]) -> Iterable[int]:
        grid = count_parts(self.shape, self.chunks)
        sides = [max(chunk, 1) for chunk in self.chunks]
        axes = [range(max(0, -(-a // n)), min(b // n + 1, count)) for a, b, n, count in zip(first, last, sides, grid)]
        for place in itertools.product(*axes):
            number = 0
            for position, count in zip(place, grid):
                number = number * count + position
            yield number

    def load(self, number: int) -> Tuple[bytes, Shape]:
        return self.schunk.get_chunk(number), self.blocks if self.dtype is not None else ()

    def parameters(self) -> Optional[Dict[str, Any]]:
        return stored_parameters(self.array)


class Hdf5Container(Container):
    """Each HDF5 chunk is a Blosc2 frame of one chunk, or a codestream; one that did not get smaller is stored raw."""

    def __init__(self, dataset: Any) -> None:
        filters = list_filters(dataset)
        if filters not in ([BLOSC2_FILTER], [HTJ2K_FILTER]):
            raise Error(
                f"dataset {dataset.name} has filters {filters}, Blosc2's alone ({BLOSC2_FILTER}) or HTJ2K's alone "
                f"({HTJ2K_FILTER}) is needed"
            )
        self.dataset = dataset
        self.filter = filters[0]
        self.shape, self.chunks = tuple(dataset.shape), tuple(dataset.chunks)
        self.dtype = dataset.dtype
        self.offsets: List[Shape] = sorted(tuple(info.chunk_offset) for info in chunk_infos(dataset))

    def __len__(self) -> int:
        return len(self.offsets)

    def start(self, number: int) -> Shape:
        return self.offsets[number]

    def load(self, number: int) -> Tuple[bytes, Shape]:
        import blosc2

        mask, frame = self.dataset.id.read_direct_chunk(self.offsets[number])
        if mask:
            return _as_raw_chunk(frame, self.dtype.itemsize), self.chunks
        if self.filter == HTJ2K_FILTER:
            return _as_chunk_of_one(frame, math.prod(self.chunks) * self.dtype.itemsize), self.chunks
        try:
            holder = blosc2.schunk_from_cframe(frame, copy=True)
            chunk = holder.get_chunk(0)
            if "b2nd" in holder.meta:
                return chunk, tuple(blosc2.ndarray_from_cframe(frame).blocks)
        except (RuntimeError, ValueError, TypeError) as error:
            raise Error(f"chunk {number} is damaged: {error}") from error
        return chunk, self._blocks_of_line(number, chunk)

    def parameters(self) -> Optional[Dict[str, Any]]:
        """Those of the first chunk; a codestream tells the layout alone."""
        if not self.offsets:
            return None
        mask, frame = self.dataset.id.read_direct_chunk(self.offsets[0])
        if mask:
            return None
        if self.filter == HTJ2K_FILTER:
            return self._layout_of(_native.describe_block(frame))
        import blosc2

        try:
            return stored_parameters(blosc2.schunk_from_cframe(frame, copy=True))
        except (RuntimeError, ValueError, TypeError) as error:
            raise Error(f"chunk 0 is damaged: {error}") from error

    def _layout_of(self, description: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        if description["legacy"]:
            return None
        axes = [axis for axis, extent in enumerate(self.chunks) if extent != 1]
        coded = [axes[role] for role in description["roles"] if role >= 0]
        return {"layout": coded} if description["roles"][0] >= 0 else None

    def _blocks_of_line(self, number: int, chunk: bytes) -> Shape:
        """Of a frame without a shape: parts of a row of samples."""
        samples = int.from_bytes(chunk[8:12], "little") // self.dtype.itemsize
        if len(self.chunks) == 1:
            return (samples,)
        if samples != math.prod(self.chunks):
            raise Error(f"chunk {number} was written without its shape, and in several blocks: read it with h5py")
        return self.chunks


def list_filters(dataset: Any) -> List[int]:
    """Numbers of an h5py dataset's filters, in the order of writing."""
    creation = dataset.id.get_create_plist()
    return [int(creation.get_filter(i)[0]) for i in range(creation.get_nfilters())]


def chunk_infos(dataset: Any) -> List[Any]:
    """What h5py tells of each chunk that is stored: ``chunk_offset``, ``filter_mask``, ``byte_offset``, ``size``."""
    if not hasattr(dataset.id, "chunk_iter"):  # which asks for each chunk only once; h5py has it with HDF5 1.12.3
        return [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]
    found: List[Any] = []
    dataset.id.chunk_iter(found.append)
    return found


def _as_raw_chunk(samples: bytes, typesize: int) -> bytes:
    """The samples in the form of a Blosc2 chunk that is stored as it is."""
    header = bytearray(32)
    header[0:4] = bytes([5, 1, 0x02, min(typesize, 255)])
    for at, value in ((4, len(samples)), (8, len(samples)), (12, len(samples) + 32)):
        header[at : at + 4] = value.to_bytes(4, "little")
    return bytes(header) + samples


def _as_chunk_of_one(codestream: bytes, nbytes: int) -> bytes:
    """A codestream in the form of a Blosc2 chunk of one block."""
    header = bytearray(32)
    header[0:4] = bytes([5, 1, 6 << 5 | 0x10 | 0x05, 1])  # another codec, not split; bits 0 and 2: the header is long
    header[22] = GROK_CODEC
    block_start = 32 + 4
    for at, value in ((4, nbytes), (8, nbytes), (12, block_start + 4 + len(codestream))):
        header[at : at + 4] = value.to_bytes(4, "little")
    return bytes(header) + block_start.to_bytes(4, "little") + len(codestream).to_bytes(4, "little") + codestream


def open_container(b: Any) -> Container:
    """The blocks of an NDArray, SChunk, file, or h5py dataset."""
    if isinstance(b, (str, os.PathLike)):
        import blosc2

        return Blosc2Container(blosc2.open(os.fspath(b), mode="r"))
    if hasattr(getattr(b, "id", None), "read_direct_chunk"):
        return Hdf5Container(b)
    if not hasattr(getattr(b, "schunk", b), "get_chunk"):
        raise TypeError(f"a {type(b).__name__} holds no blocks: give a Blosc2 array, a path, or an h5py dataset")
    return Blosc2Container(b)


def count_parts(whole: Sequence[int], parts: Sequence[int]) -> List[int]:
    """An array of no samples has chunks and blocks of none."""
    return [-(-n // max(part, 1)) for n, part in zip(whole, parts)]


def unravel(number: int, grid: Sequence[int]) -> Optional[Shape]:
    position = []
    for count in reversed(grid):
        if count == 0:
            return None
        position.append(number % count)
        number //= count
    return None if number else tuple(reversed(position))
