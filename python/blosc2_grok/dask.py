# SPDX-License-Identifier: BSD-3-Clause
"""Dask arrays to and from files: workers encode and decode chunks, one writer puts them in their places.

What travels from the workers to the writer are compressed chunks, a few at a time. Needs ``pip install
blosc2-grok[dask]``; with a cluster, also :func:`from_b2nd`'s file where every worker can read it.
"""

from __future__ import annotations

import itertools
import math
import os
import warnings
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Deque, Iterable, Iterator, Optional, Sequence, Set, Tuple

import blosc2
import dask
import dask.array
import numpy as np
from dask.base import compute, get_scheduler, optimize, tokenize
from dask.delayed import Delayed, delayed
from dask.optimization import cull
from numpy.typing import NDArray

from . import arrays, calibration, planning
from .hdf5_target import new_dataset
from .partition import Shape
from .reading import read
from .recipe import ChunkRecipe, ChunkSource, EncodedPart, Placed, encode_part


def to_b2nd(x: Any, urlpath: Any, *, in_flight: Optional[int] = None, **options: Any) -> blosc2.NDArray:
    """Stores a Dask array as :func:`blosc2_grok.asarray` stores others; the bytes are the same.

    Chunks are encoded where Dask computes them: by the workers of the current ``distributed.Client``, or by the
    scheduler that Dask is set to (threads, if nothing is said). This process writes them, in order, under a temporary
    name that becomes ``urlpath`` when the file is complete. A worker that dies costs what it was working on: Dask
    computes that again. ``x`` is read once more for up to 16 sampled blocks where the quality is a ``ratio`` or part of
    the ``noise``, and all of it where the ratio that they promised was missed.

    :param x: a ``dask.array.Array`` of known shape. Where its chunks don't begin where those of the file do, it is
        rechunked.
    :param urlpath: of the new file; None: in memory.
    :param in_flight: how many parts (chunks of ``x``) are computed or wait to be written at any time; default: two for
        each thread of the workers. The cluster holds so many of them, compressed, and this process one.
    :param options: those of :func:`blosc2_grok.asarray`.
    :raises ValueError: as ``asarray``; also for chunks of unknown size.
    :raises Error: a chunk could not be coded: says which, and why. Nothing is left under ``urlpath``.
    """
    source = _DaskSource(x, in_flight)
    array = arrays.asarray(source, urlpath=urlpath, **options)
    source.warn()
    return array


def from_b2nd(urlpath: Any, *, chunks: Optional[Any] = None) -> Any:
    """The array in a file as a Dask array; workers open the file by this name and decode the blocks they need.

    :param chunks: as ``dask.array.from_array`` takes them; default: those of the file.
    :returns: a ``dask.array.Array`` of the file's shape and dtype.
    """
    path = os.path.abspath(os.fspath(urlpath))
    source = _B2ndFile(path)
    state = os.stat(path)
    name = "b2nd-" + tokenize(path, state.st_mtime_ns, state.st_size, chunks)
    parts = source.chunks if chunks is None else chunks
    return dask.array.from_array(source, chunks=parts, name=name, asarray=True, lock=False)


def to_hdf5(
    x: Any,
    path: Any,
    name: str,
    *,
    ratio: Optional[float] = None,
    noise: Any = None,
    coder: str = "auto",
    params: Any = None,
    chunks: Optional[Sequence[int]] = None,
    blocks: Optional[Sequence[int]] = None,
    in_flight: Optional[int] = None,
    **qualities: Optional[float],
) -> None:
    """Stores a Dask array as a dataset of an HDF5 file: each chunk a Blosc2 frame, for HDF5's filter 32026.

    As :func:`to_b2nd`; a new file, or the new dataset of a file that exists, has a temporary name until it is complete.
    A missed ratio is a warning here, not a second try. Readers need hdf5plugin, and this package installed.

    :param path: of the file, which nobody else may have open.
    :param name: of the dataset, which must not exist; groups on the way to it are made.
    :param ratio: this, ``noise``, ``coder``, ``params``, ``chunks``, ``blocks`` and one of ``psnr``, ``rmse`` and
        ``max_error`` in ``qualities`` are those of :func:`blosc2_grok.asarray`.
    :raises ValueError: the dataset exists; the array has no axes; and as ``asarray``.
    """
    for unknown in qualities.keys() - {"psnr", "rmse", "max_error"}:
        raise TypeError(f"to_hdf5() got an unexpected keyword argument '{unknown}'")
    source = _DaskSource(x, in_flight)
    if not source.shape:
        raise ValueError("an array without axes has no chunks in HDF5")
    dtype = planning.check_dtype(source.dtype)
    wanted = planning.gather_params(params, coder, {}, qualities)
    planning.check_single_quality(wanted, ratio, noise)
    plan = replace(planning.make_plan(source.shape, dtype, wanted, chunks, blocks), ratio=ratio)
    plan = planning.settle(plan, calibration.Sample(source, plan.grid()), noise)
    cparams, meta = arrays.merge_cparams(None, 0), arrays.meta(**plan.parameters)
    recipe = ChunkRecipe(plan.shape, plan.dtype, plan.chunks, plan.blocks, cparams, meta, as_frames=True)
    stored_bytes = 0
    with new_dataset(path, name, recipe) as dataset:
        for start, frame in source.encoded_chunks(recipe):
            dataset.id.write_direct_chunk(start, frame)
            stored_bytes += len(frame)
    got = plan.grid().raw_bytes() / max(stored_bytes, 1)
    if ratio is not None and plan.parameters.get("rmse") is not None and abs(got / ratio - 1) > plan.tolerance:
        source.notices.add(f"ratio={ratio:g} was asked for, {got:.4g} was got")
    source.warn()


class _DaskSource(ChunkSource):
    """A Dask array, read in parts for calibration, and encoded by Dask's tasks."""

    def __init__(self, x: Any, in_flight: Optional[int]) -> None:
        if not isinstance(x, dask.array.Array):
            raise TypeError(f"a {type(x).__name__} was given: it must be a dask.array.Array")
        if any(math.isnan(n) for sizes in x.chunks for n in sizes):
            raise ValueError("x has chunks of unknown size: call x.compute_chunk_sizes() first")
        if in_flight is not None and in_flight < 1:
            raise ValueError(f"in_flight is {in_flight}: it must be None or 1 or more")
        self.x = x
        self.shape = tuple(int(n) for n in x.shape)
        self.dtype = np.dtype(x.dtype)
        self.in_flight = in_flight
        self.notices: Set[str] = set()

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return np.asarray(self.x[key].compute())

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> NDArray[Any]:
        return np.asarray(self.x.compute(), dtype=dtype)

    def encoded_chunks(self, recipe: ChunkRecipe) -> Iterator[Placed]:
        for part in _compute(_list_tasks(_align(self.x, recipe.chunks), recipe), self.x, self.in_flight):
            if part.process != os.getpid():
                self.notices.update(part.notices)
            yield from part.chunks

    def warn(self) -> None:
        """What the codec said in other processes; what it said in this one, ``asarray`` has told already."""
        for text in sorted(self.notices):
            warnings.warn(text, stacklevel=3)


def _align(x: Any, chunks: Shape) -> Any:
    """``x`` with chunks that begin where chunks of the file do, of about the sizes that they had."""
    sizes = {}
    for axis, (parts, chunk) in enumerate(zip(x.chunks, chunks)):
        if any(end % chunk for end in itertools.accumulate(parts[:-1])):
            sizes[axis] = max(round(max(parts) / chunk), 1) * chunk
    return x.rechunk(sizes) if sizes else x


def _list_tasks(x: Any, recipe: ChunkRecipe) -> Iterator[Delayed]:
    """One task for each chunk of ``x``, with only what it depends on: so parts can be handed out one by one."""
    (x,) = optimize(x)
    graph = dict(x.__dask_graph__())
    encode = delayed(encode_part, pure=False, traverse=False)
    starts = [list(itertools.accumulate((0, *parts[:-1]))) for parts in x.chunks]
    for index in itertools.product(*(range(len(parts)) for parts in x.chunks)):
        key = (x.name, *index)
        needed, _ = cull(graph, [key])
        start = tuple(int(axis[i]) for axis, i in zip(starts, index))
        yield encode(Delayed(key, needed), start, recipe)


def _compute(tasks: Iterable[Delayed], x: Any, in_flight: Optional[int]) -> Iterator[EncodedPart]:
    """Results in the order of the tasks, by the scheduler that Dask is set to; never more than ``in_flight`` ahead."""
    client = getattr(get_scheduler(collections=[x]), "__self__", None)
    if client is not None and hasattr(client, "ncores"):
        return _compute_on_cluster(tasks, client, in_flight)
    return _compute_in_batches(tasks, in_flight or 2 * (dask.config.get("num_workers", None) or os.cpu_count() or 1))


def _compute_on_cluster(tasks: Iterable[Delayed], client: Any, in_flight: Optional[int]) -> Iterator[EncodedPart]:
    waiting: Deque[Any] = deque()
    try:
        for task in tasks:
            waiting.append(client.compute(task))
            while len(waiting) >= (in_flight or max(2 * sum(client.ncores().values()), 2)):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        client.cancel(list(waiting))


def _compute_in_batches(tasks: Iterable[Delayed], in_flight: int) -> Iterator[EncodedPart]:
    """While one batch is written, the next one is computed."""
    remaining = iter(tasks)
    size = max(in_flight // 2, 1)
    with ThreadPoolExecutor(max_workers=1) as executor:
        written: Optional[Future[Tuple[EncodedPart, ...]]] = None
        while batch := list(itertools.islice(remaining, size)):
            computed = executor.submit(compute, *batch)
            if written is not None:
                yield from written.result()
            written = computed
        if written is not None:
            yield from written.result()


class _B2ndFile:
    """A file as ``dask.array.from_array`` reads it: by name, so that it can be pickled."""

    def __init__(self, path: str) -> None:
        array = arrays.open_if_path(path)
        if not hasattr(array, "chunks"):
            raise TypeError(f"{path} holds a plain SChunk, which has no shape")
        self.path = path
        self.shape, self.chunks = tuple(array.shape), tuple(array.chunks)
        self.dtype, self.ndim = np.dtype(array.dtype), len(array.shape)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        # One thread: Dask runs as many of these at once as there are cores.
        return read(blosc2.open(self.path, mode="r", dparams={"nthreads": 1}), key)
