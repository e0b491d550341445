# SPDX-License-Identifier: BSD-3-Clause
"""A dataset whose chunks are encoded here, by several threads, and written past HDF5's filter."""

from __future__ import annotations

import math
import time
import warnings
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from .. import _native, arrays, calibration, planning
from ..errors import Error
from ..partition import Region, iterate_grid
from .differences import largest_and_rms
from .frames import Frames, Htj2kFrames
from .memory import Means
from .planning import draw_sample, make_frames
from .room import Room
from .sources import Images, in_slabs
from .wishes import Quality, Wanted

if TYPE_CHECKING:
    from typing_extensions import Unpack

Progress = Callable[[int, int, int], None]

FLUSHED_SECONDS = 1.0
"""HDF5's tables are written so often: a process that is killed loses what it stored since."""


def write_dataset(
    h5: Any,
    name: str,
    source: Any,
    *,
    container: Optional[str] = None,
    chunks: Optional[Sequence[int]] = None,
    jobs: Optional[int] = None,
    memory: Optional[int] = None,
    progress: Optional[Progress] = None,
    **quality: Unpack[Quality],
) -> Any:
    """Stores ``source`` as a new dataset of JPEG 2000 images, without loss or with one quality.

    :param h5: an ``h5py.File`` or ``h5py.Group`` that is open for writing.
    :param name: of the dataset, which must not exist; groups on the way to it are made.
    :param source: anything with ``shape``, ``dtype`` and slices (NumPy, a memory map, h5py, Blosc2, ...), or what NumPy
        makes an array of. It is read once, in order, chunk by chunk (or up to 256 MiB at once, where it has chunks of
        its own that aren't those of the dataset); up to 16 blocks of it before that for a ``ratio``
        or part of the ``noise``; all of it again where the ratio that they promised was missed.
    :param container: "htj2k": HDF5's filter 32033, each chunk one HT codestream, which hdf5plugin reads without this
        package; one image of 8 or 16 bits a chunk. "blosc2": filter 32026, each chunk a Blosc2 frame; readers need
        this package. None: "htj2k" where it can hold the data, quality and coder, else "blosc2".
    :param chunks: default: one image, in parts of at most 64 MiB; with "blosc2" several where they are small.
    :param jobs: threads; default: as many as the process has cores.
    :param memory: bytes that images may take while they are coded; None: any. With "htj2k" there are as many of them as
        ``jobs``, each taking some three and a half times its size; fewer are coded at a time where that is more than
        ``memory``, by several threads each, which is slower. One image always is.
    :param progress: called after each chunk with the bytes of the source that are done, the bytes stored, and all bytes
        of the source. It begins again from zero where a ratio was missed and the dataset is written once more.
    :param quality: at most one of ``ratio``, ``psnr``, ``rmse``, ``max_error`` and ``noise``; and ``coder``,
        ``params``, ``calibrate``: as of :func:`blosc2_grok.asarray`. The ratio is that of the source's bytes over the
        bytes of the chunks.
    :returns: the ``h5py.Dataset``. ``shape`` and ``dtype`` are the source's.
    :raises ValueError: the name exists, or a parameter, or what it means for these data, is wrong. The file is as it
        was.
    :raises Error: a chunk could not be coded: says where it begins, and why; or the disk is full. The dataset has been
        removed, and what the file had before is there.
    """
    wanted = Wanted.of(container, chunks, quality)
    data = source if hasattr(source, "shape") and hasattr(source, "dtype") else np.asarray(source)
    writer = DatasetWriter.plan(h5, name, data, wanted, Means.of(jobs, memory))
    dataset, texts = writer.write(progress)
    for text in texts:
        warnings.warn(text, stacklevel=2)
    return dataset


@dataclass
class DatasetWriter:
    """One dataset to be written; ``write`` makes it."""

    h5: Any
    name: str
    source: Any
    frames: Frames
    sample: calibration.Sample
    means: Means
    spared: Optional[NDArray[np.bool_]] = None  # along the first axis: what is stored without loss
    creation: Dict[str, Any] = field(default_factory=dict)  # further arguments of create_dataset
    lossy_bytes: int = 0  # of the samples that aren't spared
    lossy_stored: int = 0
    is_checked: bool = False  # by a look at a chunk through hdf5plugin

    @classmethod
    def plan(
        cls, h5: Any, name: str, source: Any, wanted: Wanted, means: Means, spared: Optional[NDArray[np.bool_]] = None
    ) -> DatasetWriter:
        """Checks everything that can be known before the dataset is created, and finds the target."""
        if name in h5:
            raise ValueError(f"'{name}' exists in {h5.file.filename}")
        frames = make_frames(tuple(int(n) for n in source.shape), np.dtype(source.dtype), wanted, means)
        serial = _native.message_serial()
        with arrays.ring_as_error(serial):
            plan = frames.plan
            if plan.parameters.get("bits_per_sample") == "auto":  # of all images
                plan = plan.with_parameters(bits_per_sample=calibration.find_depth(source, plan.grid()))
            drawn_from = source
            if spared is not None and spared.any() and not spared.all():
                drawn_from = Images(source, np.flatnonzero(~spared))
            sample = draw_sample(drawn_from, plan, means)
            settled = planning.settle(plan, sample, wanted.noise)
            sample.forget()
        return cls(h5, name, source, type(frames)(settled, means), sample, means, spared)

    def write(self, progress: Optional[Progress]) -> Tuple[Any, List[str]]:
        """The dataset, and sentences about what was not quite as asked."""
        plan = self.frames.plan
        made = _first_missing(self.h5, self.name)
        serial = _native.message_serial()
        dataset = self._create_and_fill(made, progress)
        target = plan.parameters.get("rmse")
        if self._compare_ratio() and plan.ratio is not None and target is not None:
            better = calibration.correct_target(self.sample, target, plan.ratio, self._ratio())
            self.frames = type(self.frames)(plan.with_parameters(rmse=better), self.means)
            del dataset, self.h5[self.name]
            serial = _native.message_serial()
            dataset = self._create_and_fill(made, progress)
        return dataset, arrays.list_notices(serial) + self._compare_ratio() + self.frames.notes()

    def _ratio(self) -> float:
        """Of the images with loss."""
        return self.lossy_bytes / max(self.lossy_stored, 1)

    def _compare_ratio(self) -> List[str]:
        plan = self.frames.plan
        if plan.ratio is None or plan.parameters.get("rmse") is None or not self.lossy_bytes:
            return []
        got = self._ratio()
        is_met = abs(got / plan.ratio - 1) <= plan.tolerance
        return [] if is_met else [f"ratio={plan.ratio:g} was asked for, {got:.4g} was got"]

    def _create_and_fill(self, made: str, progress: Optional[Progress]) -> Any:
        """An error leaves nothing of ``made``: the dataset, or the first of the groups that are new with it."""
        plan = self.frames.plan
        serial = _native.message_serial()
        room = Room(self.h5)
        try:
            room.reserve(0)
            dataset = self.h5.create_dataset(
                self.name,
                shape=plan.shape,
                dtype=plan.dtype,
                chunks=plan.chunks,
                compression=_filter_of(self.frames),
                compression_opts=self.frames.filter_options,
                rdcc_nbytes=1,  # nothing, which 0 does not mean: a chunk that was read would be kept
                **self.creation,
            )
            # From here on, the file can be opened whenever this process is killed: HDF5 writes its tables only now.
            dataset.file.flush()
            with arrays.ring_as_error(serial):
                self._fill(dataset, progress, room)
        except BaseException:
            if made in self.h5:
                del self.h5[made]
            raise
        finally:
            room.give_back()
        # HDF5 2.0 remembers the last chunk without its filter mask for as long as the dataset is open.
        del dataset
        return self.h5[self.name]

    def _fill(self, dataset: Any, progress: Optional[Progress], room: Room) -> None:
        total = math.prod(dataset.shape) * dataset.dtype.itemsize
        done = stored = self.lossy_bytes = self.lossy_stored = 0
        flushed = time.monotonic()
        self.is_checked = not isinstance(self.frames, Htj2kFrames)
        for region, chunk_bytes, is_raw in self._write_chunks(dataset, room):
            if not self.is_checked and not is_raw:
                _check_readers_view(dataset, region)
                self.is_checked = True
            samples_bytes = _count(region) * dataset.dtype.itemsize
            done += samples_bytes
            stored += chunk_bytes
            if not self._is_spared(region):
                self.lossy_bytes += samples_bytes
                self.lossy_stored += chunk_bytes
            if time.monotonic() - flushed > FLUSHED_SECONDS:
                dataset.file.flush()
                flushed = time.monotonic()
            if progress is not None:
                progress(done, stored, total)
        dataset.file.flush()

    def _write_chunks(self, dataset: Any, room: Room) -> Iterator[Tuple[Region, int, bool]]:
        """Writes them in order; yields each with the bytes stored, and whether they are raw."""
        plan, crew = self.frames.plan, self.frames.crew
        pending: Deque[Tuple[Region, Future[Tuple[bytes, int]]]] = deque()

        def write(region: Region, stored: bytes, mask: int) -> Tuple[Region, int, bool]:
            room.reserve(len(stored))
            dataset.id.write_direct_chunk(tuple(part.start for part in region), stored, filter_mask=mask)
            return region, len(stored), mask != 0

        def write_first() -> Tuple[Region, int, bool]:
            region, future = pending.popleft()
            return write(region, *future.result())

        source = in_slabs(self.source, plan)
        with ThreadPoolExecutor(max_workers=crew.workers) as executor:
            try:
                for region in iterate_grid(plan.shape, plan.chunks):
                    samples = np.asarray(source[region], dtype=plan.dtype)
                    if not self.is_checked:
                        stored, mask = _apart(self._encode, region, samples)
                        del samples
                        yield write(region, stored, mask)
                        continue
                    pending.append((region, executor.submit(self._encode, region, samples)))
                    del samples
                    if len(pending) >= crew.workers + crew.reads_ahead:
                        yield write_first()
                while pending:
                    yield write_first()
            finally:
                executor.shutdown(wait=True, cancel_futures=True)

    def _encode(self, region: Region, samples: NDArray[Any]) -> Tuple[bytes, int]:
        """The chunk as stored, and its filter mask: 1 where it is raw."""
        chunk = self._pad(samples)
        frames = self.frames.lossless() if self._is_spared(region) else self.frames
        try:
            stored = frames.encode(chunk, samples.size / chunk.size)
        except Error as error:
            raise Error(f"chunk at {tuple(part.start for part in region)}: {error}") from error
        return (chunk.tobytes(), 1) if stored is None else (stored, 0)

    def _is_spared(self, region: Region) -> bool:
        return self.spared is not None and bool(self.spared[region[0]].any())

    def _pad(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Repeats the last samples, which costs next to nothing; HDF5 shows them only where the dataset grows."""
        missing = [(0, whole - part) for whole, part in zip(self.frames.plan.chunks, samples.shape)]
        if not any(map(any, missing)):
            return np.ascontiguousarray(samples)
        if self.creation.get("maxshape") is None:
            return np.pad(samples, missing, mode="edge")
        fill = self.creation.get("fillvalue")
        return np.pad(samples, missing, mode="constant", constant_values=0 if fill is None else fill)


def _count(region: Region) -> int:
    return math.prod(part.stop - part.start for part in region)


def _first_missing(h5: Any, name: str) -> str:
    """Of the groups on the way to ``name``, and itself."""
    parts = name.rstrip("/").split("/")
    for count in range(1, len(parts)):
        path = "/".join(parts[:count])
        if path and path not in h5:
            return path
    return name


def _filter_of(frames: Frames) -> int:
    """The filter's number, once hdf5plugin has made it known to HDF5."""
    try:
        import hdf5plugin  # noqa: F401
    except ImportError:
        raise ImportError("HDF5's filters are in hdf5plugin: pip install 'blosc2-grok[hdf5]'") from None
    return frames.filter_id


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """In a thread of its own: the coder keeps its arrays for as long as a thread lives."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(function, *arguments).result()


def _check_readers_view(dataset: Any, region: Region) -> None:
    """A chunk as hdf5plugin decodes it must be what this package decodes: parameters may be beyond its coder.

    Two decoders of the 9/7 wavelet may round a few samples differently, by one.
    """
    from ..reading import read

    largest, rms = largest_and_rms(dataset[region], _apart(read, dataset, region))
    if largest > 2 or rms > 0.5:
        raise Error(
            f"a chunk of {dataset.name} is read differently by hdf5plugin's HTJ2K filter, by up to {largest}: store it "
            "with container='blosc2', or with fewer parameters"
        )
