# SPDX-License-Identifier: BSD-3-Clause
"""Looking into arrays without decoding everything, and checking what is stored."""

from __future__ import annotations

import math
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Any, Callable, Iterator, List, Optional, Tuple

import blosc2
import numpy as np
from numpy.typing import NDArray

from . import _native
from .blocks import JPEG2000_KINDS, StoredBlock, check_belongs, locate_streams, placed_blocks
from .chunk_reading import ChunkReader, Piece, shift_up
from .containers import Blosc2Container, Container, as_dict, open_container
from .enums import GrkMode
from .errors import Error, last_error
from .host_faults import knows_siblings, mixes_up
from .partition import Shape, resolve_roles
from .siblings import CODECS, codec_of

_BATCH_BYTES = 1 << 18  # of samples, decoded by a thread at once
_BATCH_STORED_BYTES = 1 << 24  # read ahead for it
_LONE_BYTES = 1 << 16  # of a block that has no work for several threads
# Bytes of a chunk's only block: a smaller one is not worth a turn at Python's lock; threads inside a larger one
# are as fast, and hold less memory.
_LEAST_SHARED_HT, _LEAST_SHARED_PART1 = 1 << 17, 1 << 13
_MOST_SHARED = 1 << 23

_Batch = List[Tuple[ChunkReader, List[Piece]]]


def read(b: Any, key: Any = (), *, reduce: int = 0, layers: Optional[int] = None) -> NDArray[Any]:
    """A region of an array, at full or lower resolution, as a NumPy array.

    Only the blocks that it touches are decoded, by several threads, and at a lower resolution only that much of them.
    Many small arrays can be read by several threads at once: each gives up Python's lock, which ``b[:]`` keeps.

    :param b: a Blosc2 array, the path of one, or an h5py dataset with Blosc2's filter.
    :param key: as in ``b[key]``: integers, slices, an ellipsis; always in coordinates of the full resolution. Steps
        must be positive, and 1 along rows and columns when ``reduce`` is not 0.
    :param reduce: halvings of the resolution. Along rows and columns, samples [start, stop) become
        [ceil(start / 2^reduce), ceil(stop / 2^reduce)) of the smaller image; other axes stay. Blocks of mapped samples
        (floats, wide integers, max_error) and those that are no JPEG 2000 are decoded in full, then averaged.
    :param layers: quality layers to use; None: all.
    :returns: a new array of the stored dtype; axes that an integer was given for are dropped, as in NumPy.
    :raises Error: a block is damaged or can't be decoded.
    :raises ValueError: ``reduce``, ``layers`` or a step is out of range.
    :raises IndexError: the key lies outside the array, or has too many indices.
    :raises TypeError: ``b`` is nothing to read from, or the key has something else in it.

    ```python
    >>> import blosc2_grok, numpy
    >>> frames = numpy.random.default_rng(0).poisson(300, (4, 512, 640)).astype("u2")
    >>> array = blosc2_grok.asarray(frames)
    >>> blosc2_grok.read(array, (2, slice(100, 300))).shape
    (200, 640)
    >>> blosc2_grok.read(array, 2, reduce=3).shape  # a preview of frame 2, at an eighth of its resolution
    (64, 80)

    ```
    """
    container = open_container(b)
    if container.dtype is None:
        raise TypeError("a plain SChunk has no shape to read from: see codestreams()")
    if not 0 <= reduce <= 32:
        raise ValueError(f"reduce is {reduce}: it must be from 0 to 32")
    if layers is not None and layers < 1:
        raise ValueError(f"layers is {layers}: it must be None or 1 or more")
    region = _Region.of(key, container, reduce)
    is_whole = reduce == 0 and layers is None
    if is_whole and isinstance(container, Blosc2Container) and _can_host_read(container):
        lone = _read_lone_block(container)
        if lone is not None:
            return region.finish(lone[region.bounds()])
        if not _share_chunks(container, region):
            return region.finish(_read_by_host(container, region))
    out = np.zeros(region.shape(), dtype=container.dtype)
    _read_blocks(container, region, layers or 0, out)
    return region.finish(out)


@dataclass(frozen=True)
class _Region:
    """What is asked for along each axis, and how the axes shrink."""

    starts: Shape
    stops: Shape
    steps: Shape
    dropped: Tuple[int, ...]  # axes that an integer was given for
    shifts: Shape  # 0, or `reduce` along rows and columns

    @classmethod
    def of(cls, key: Any, container: Container, reduce: int) -> _Region:
        shape = container.shape
        parameters = (container.parameters() if reduce else None) or {}
        itemsize = container.dtype.itemsize // (2 if container.dtype.kind == "c" else 1)
        roles = resolve_roles(shape, parameters.get("layout"), itemsize)
        shifts = tuple(reduce if axis in (roles.row, roles.column) else 0 for axis in range(len(shape)))
        starts, stops, steps, dropped = [], [], [], []
        for axis, (item, extent) in enumerate(zip(expand_key(key, len(shape)), shape)):
            if isinstance(item, slice):
                start, stop, step = item.indices(extent)
                if step < 1 or (step > 1 and shifts[axis]):
                    raise ValueError(f"step {step} along axis {axis}: it must be {'1' if shifts[axis] else 'positive'}")
            else:
                start = item + extent if item < 0 else item
                if not 0 <= start < extent:
                    raise IndexError(f"index {item} is out of bounds for axis {axis} with size {extent}")
                start = start >> shifts[axis] << shifts[axis]
                stop, step = start + 1, 1
                dropped.append(axis)
            starts.append(start)
            stops.append(max(start, stop))
            steps.append(step)
        return cls(tuple(starts), tuple(stops), tuple(steps), tuple(dropped), shifts)

    def reduced(self) -> Tuple[Shape, Shape]:
        """First and last + 1 of the samples asked for, along each axis, at the lower resolution."""
        return shift_up(self.starts, self.shifts), shift_up(self.stops, self.shifts)

    def bounds(self) -> Tuple[slice, ...]:
        return tuple(slice(start, stop) for start, stop in zip(self.starts, self.stops))

    def shape(self) -> Shape:
        return tuple(stop - start for start, stop in zip(*self.reduced()))

    def finish(self, out: NDArray[Any]) -> NDArray[Any]:
        """Steps and dropped axes."""
        picked = tuple(0 if axis in self.dropped else slice(None, None, step) for axis, step in enumerate(self.steps))
        return np.asarray(out[picked])


def expand_key(key: Any, ndim: int) -> List[Any]:
    """An item for each of ``ndim`` axes: integers and slices."""
    items = list(key) if isinstance(key, tuple) else [key]
    for item in items:
        if not isinstance(item, slice) and item is not Ellipsis and not hasattr(item, "__index__"):
            raise TypeError(f"key has a {type(item).__name__}: it may have integers, slices and one ellipsis")
    items = [item if isinstance(item, slice) or item is Ellipsis else item.__index__() for item in items]
    ellipses = [at for at, item in enumerate(items) if item is Ellipsis]
    if len(ellipses) > 1 or len(items) - len(ellipses) > ndim:
        raise IndexError(f"too many indices for an array of {ndim} axes: {key!r}")
    at = ellipses[0] if ellipses else len(items)
    missing = ndim - (len(items) - len(ellipses))
    return items[:at] + [slice(None)] * missing + items[at + len(ellipses) :]


def _read_lone_block(container: Blosc2Container) -> Optional[NDArray[Any]]:
    """All of a small array that is a single block; None where there is more to it.

    Blosc2 would hold Python's lock while it decodes, so that many such arrays kept one thread busy.
    """
    nbytes = math.prod(container.blocks) * container.dtype.itemsize
    if container.shape != container.blocks or nbytes > _LONE_BYTES or len(container) != 1:
        return None
    chunk, blocks = container.load(0)
    streams = locate_streams(chunk)
    if streams is None or len(streams) != 1:
        return None
    out = np.empty((1, *blocks), dtype=container.dtype)
    _native.decode_reduced(chunk, streams, out, blocks, 0)
    return out[0] if streams[0, 2] else None


def _can_host_read(container: Blosc2Container) -> bool:
    if mixes_up(container.chunks, container.blocks):
        return False
    return knows_siblings() or codec_of(container.schunk) not in CODECS.values()


def _share_chunks(container: Blosc2Container, region: _Region) -> bool:
    """Whether threads do better with whole chunks than with the blocks of one, as Blosc2's do."""
    if container.chunks != container.blocks or _count_threads(container) < 2:
        return False
    if len(list(islice(_touched_chunks(container, region), 2))) < 2:
        return False
    nbytes: int = math.prod(container.blocks) * container.dtype.itemsize
    least = _LEAST_SHARED_HT if _may_be_ht(container) else _LEAST_SHARED_PART1
    return least <= nbytes <= _MOST_SHARED


def _may_be_ht(container: Container) -> bool:
    parameters = container.parameters()
    return parameters is None or bool(parameters["mode"] & int(GrkMode.HT))


def _count_threads(container: Container) -> int:
    if isinstance(container, Blosc2Container):
        return int(as_dict(container.schunk.dparams)["nthreads"])
    return int(blosc2.nthreads) or os.cpu_count() or 1


def _read_by_host(container: Blosc2Container, region: _Region) -> NDArray[Any]:
    serial = _native.message_serial()
    try:
        return np.asarray(container.array[region.bounds()])
    except RuntimeError as error:
        reason = last_error(serial)
        raise Error(reason.text if reason else str(error)) from error


def _read_blocks(container: Container, region: _Region, layers: int, out: NDArray[Any]) -> None:
    batches = _batches(container, region, layers)
    begun = list(islice(batches, 2))
    if len(begun) < 2:  # a thread takes longer to start
        for batch in begun:
            _put(batch, out)
        return
    threads = _count_threads(container)
    with ThreadPoolExecutor(max_workers=threads) as executor:
        pending: List[Future[None]] = []
        for batch in chain(begun, batches):
            pending.append(executor.submit(_put, batch, out))
            while len(pending) > 4 * threads:
                pending.pop(0).result()
        for future in pending:
            future.result()


def _put(batch: _Batch, out: NDArray[Any]) -> None:
    for chunk, pieces in batch:
        chunk.put(pieces, out)


def _batches(container: Container, region: _Region, layers: int) -> Iterator[_Batch]:
    """Blocks by the handful, where few of their samples are wanted: threads that take turns at Python's lock for each
    of them are slower than one thread alone."""
    low, high = region.reduced()
    batch: _Batch = []
    filled = 0.0
    for number in _touched_chunks(container, region):
        chunk = ChunkReader(container, number, region.shifts, layers)
        pieces = chunk.pieces(low, high)
        most = max(1, min(_BATCH_BYTES // chunk.wanted_bytes_each(), _BATCH_STORED_BYTES // chunk.stored_bytes_each()))
        while taken := list(islice(pieces, most)):
            batch.append((chunk, taken))
            filled += len(taken) / most
            if filled >= 1:
                yield batch
                batch, filled = [], 0.0
    if batch:
        yield batch


def _touched_chunks(container: Container, region: _Region) -> Iterator[int]:
    low, high = region.reduced()
    length = shift_up(container.chunks, region.shifts)
    # What rounding up may add is left to the exact question below.
    earliest = [(n - 2 << shift) - chunk for n, shift, chunk in zip(low, region.shifts, container.chunks)]
    latest = [n - 1 << shift for n, shift in zip(high, region.shifts)]
    for number in container.numbers_beginning(earliest, latest):
        first = shift_up(container.start(number), region.shifts)
        if all(f < h and low_ < f + n for f, n, low_, h in zip(first, length, low, high)):
            yield number


@dataclass
class Verification:
    """What ``verify`` found."""

    lossless: int = 0
    """Blocks whose samples are what was stored."""
    lossy: int = 0
    """Blocks whose stored bytes are what was written."""
    unchecked: int = 0
    """Blocks without a checksum: raw, constant, of another codec, or of an earlier plugin (those were decoded)."""
    max_error: float = 0.0
    """The greatest error that any lossy block says it has."""
    problems: List[str] = field(default_factory=list)
    """One sentence for each damaged chunk or block."""

    @property
    def ok(self) -> bool:
        """Whether there are no problems."""
        return not self.problems


def verify(b: Any, *, progress: Optional[Callable[[int, int, int], None]] = None) -> Verification:
    """Checks the checksum of every stored block, and decodes the lossless ones to check that of their samples.

    :param b: a Blosc2 array, SChunk, the path of one, or an h5py dataset with Blosc2's filter.
    :param progress: called after each chunk with the bytes of samples checked, those stored for them, and those of all
        chunks (padding included; estimated from the chunks so far).
    :returns: how many blocks are right, and a sentence for each that is not. A damaged block is no exception here.
    :raises Error: the dataset has other filters than Blosc2's.
    :raises TypeError: ``b`` is nothing that holds blocks.

    ```python
    >>> import blosc2_grok, numpy
    >>> array = blosc2_grok.asarray(numpy.arange(60_000, dtype="u2").reshape(200, 300))
    >>> blosc2_grok.verify(array)
    Verification(lossless=1, lossy=0, unchecked=0, max_error=0.0, problems=[])

    ```
    """
    container = open_container(b)
    result = Verification()
    raw = stored = 0
    with ThreadPoolExecutor(max_workers=int(blosc2.nthreads) or 1) as executor:
        for number in range(len(container)):
            try:
                blocks = [block for block in placed_blocks(container, number) if 0 not in block.shape]
            except (Error, RuntimeError) as error:
                result.problems.append(str(error))
                continue
            for block, found in zip(blocks, executor.map(partial(_check_block, container), blocks)):
                _add_finding(result, block, found)
                raw, stored = raw + block.nbytes, stored + len(block.data)
            if progress is not None:
                progress(raw, stored, raw * len(container) // (number + 1))
    return result


def _check_block(container: Container, block: StoredBlock) -> Tuple[str, str, float]:
    """Kind ("lossless", "lossy", "unchecked" or "problem"), what is wrong, and the error that it says it has."""
    if block.kind not in JPEG2000_KINDS:
        return "unchecked", "", 0.0
    try:
        description = _native.describe_block(block.data)
        check_belongs(container, block, description)
        if not description["legacy"] and description["lossy"]:
            return "lossy", "", float(description["max_error"])
        samples = _native.decode_block(block.data, block.nbytes)
    except Error as error:
        return "problem", str(error), 0.0
    stored = description.get("samples_checksum")
    if stored is None:
        return "unchecked", "", 0.0
    if int(stored, 16) != _native.checksum(samples):
        return "problem", "it decodes to other samples than were stored: an encoder or decoder is at fault", 0.0
    return "lossless", "", 0.0


def _add_finding(result: Verification, block: StoredBlock, found: Tuple[str, str, float]) -> None:
    kind, text, error = found
    if kind == "problem":
        result.problems.append(f"chunk {block.chunk}, block {block.block} at {block.start}: {text}")
    else:
        setattr(result, kind, getattr(result, kind) + 1)
        result.max_error = max(result.max_error, error)
