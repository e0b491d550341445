# SPDX-License-Identifier: BSD-3-Clause
"""A file with everything in it, its image stacks compressed on the way."""

from __future__ import annotations

import fnmatch
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Set, Tuple, Union

import h5py

from ..arrays import describe_room
from ..errors import Error
from ..renaming import temporary_path
from .memory import Means
from .nexus import is_jpeg2000, is_reference, is_stack, reference_images
from .objects import (
    copy_attributes,
    copy_link,
    creation_of,
    holds_references,
    is_virtual_elsewhere,
    lacking_sources,
    translate,
)
from .room import is_full
from .wishes import Quality, Wanted
from .writing import DatasetWriter, Progress

if TYPE_CHECKING:
    from typing_extensions import Unpack

Select = Union[str, Sequence[str], Callable[[Any], bool], None]
_SLAB_BYTES = 64 * 1024 * 1024
_ONE_JOB = Means(1)


@dataclass(frozen=True)
class CopiedDataset:
    """What became of one dataset."""

    name: str
    treatment: str
    """"quality"; "lossless", compressed without loss; "converted", its codec renamed; or "copied", as it was."""
    nbytes: int
    """Of its samples."""
    stored_bytes: int
    """Of its chunks in the new file."""
    lossless_images: int = 0
    """Flats and darks among those of treatment "quality"."""


def copy_file(
    source_path: Any,
    target_path: Any,
    *,
    select: Select = None,
    references: str = "lossless",
    overwrite: bool = False,
    container: Optional[str] = None,
    jobs: Optional[int] = None,
    memory: Optional[int] = None,
    progress: Optional[Progress] = None,
    **quality: Unpack[Quality],
) -> List[CopiedDataset]:
    """Copies an HDF5 file, such as NeXus, with its image stacks as JPEG 2000: groups, datasets, attributes and links.

    Image stacks are datasets of integers or floats of three axes or more, with 32 rows and columns or more; without a
    quality, of integers only. Flats and darks among them, by the NeXus ``image_key`` beside them or by name, are stored
    without loss. Stacks that are JPEG 2000 already, and everything else, are carried over as they are. Hard links stay
    one object; references point to the same object in the new file. A virtual dataset with sources in other files
    becomes a dataset with these samples; one with sources in this file stays virtual. External links keep leading where
    they did: what they lead to is not copied.

    :param source_path: of the file; it is only read.
    :param target_path: of the new file, which appears there when it is complete.
    :param select: which datasets get the quality: patterns of names as in the shell ("/entry/*/data"), or a function of
        an ``h5py.Dataset``; the others are carried over as they are. None: all image stacks.
    :param references: "lossless", or "quality": flats and darks as all others.
    :param overwrite: whether ``target_path`` may exist; it is replaced.
    :param progress: called with bytes of samples done, bytes stored and all bytes, of the stacks that are compressed.
    :param quality: ``ratio``, ``psnr``, ``rmse``, ``max_error`` or ``noise``, ``coder``, ``params``: they, ``jobs``,
        ``memory`` and ``container`` are as of :func:`write_dataset`, for each stack. A ratio is that of the images
        with loss.
    :returns: what became of each dataset, in the order of the file.
    :raises FileExistsError: ``target_path`` exists.
    :raises ValueError: a parameter, or what it means for a stack, is wrong; ``select`` matches nothing.
    :raises Error: a source of a virtual dataset is missing, an image can't be coded, or the disk is full.
        ``target_path`` is as it was.
    """
    if references not in ("lossless", "quality"):
        raise ValueError(f"references is {references!r}: it must be 'lossless' or 'quality'")
    wanted, means = Wanted.of(container, None, quality), Means.of(jobs, memory)
    copier = Copier(wanted, select, references == "lossless", means, progress)
    return copier.run(source_path, target_path, overwrite)


class Copier:
    """One walk through a file."""

    def __init__(
        self,
        wanted: Wanted,
        select: Select = None,
        spares_references: bool = True,
        means: Means = _ONE_JOB,
        progress: Optional[Progress] = None,
    ) -> None:
        self.wanted = wanted
        self.select = select
        self.spares_references = spares_references
        self.means = means
        self.progress = progress
        self.treatments: Dict[Tuple[int, int], str] = {}
        self.places: Dict[Tuple[int, int], List[Tuple[Any, str]]] = {}  # groups that have a dataset, and its name there
        self.made: Dict[Tuple[int, int], str] = {}
        self.deferred: List[Callable[[], None]] = []
        self.copied: List[CopiedDataset] = []
        self.total = self.done = self.stored = 0

    def run(self, source_path: Any, target_path: Any, overwrite: bool) -> List[CopiedDataset]:
        """The new file gets its name when it is complete."""
        source, target = os.path.abspath(os.fspath(source_path)), os.path.abspath(os.fspath(target_path))
        if os.path.exists(target) and os.path.samefile(source, target):
            raise ValueError(f"{target} is the file to be copied")
        if os.path.lexists(target) and not overwrite:
            raise FileExistsError(f"{target} exists: overwrite=True replaces it")
        try:
            with temporary_path(target, "w") as temporary, h5py.File(source, "r") as opened:
                with h5py.File(temporary, "w-", track_order=_keeps_order(opened)) as made:
                    return self.copy(opened, made, target)
        except (OSError, RuntimeError) as error:
            if not is_full(error):
                raise
            raise Error(f"{target} could not be written (HDF5: {error}). {describe_room(target)}") from error

    def copy(self, source: Any, target: Any, final_path: str) -> List[CopiedDataset]:
        """``final_path``: of the target, once it is complete."""
        self.final_path = final_path
        self._survey(source, {_identity(source)})
        self._decide_all(source)
        self.made[_identity(source)] = "/"
        self._copy_group(source, target)
        for task in self.deferred:
            task()
        return self.copied

    # What is there

    def _survey(self, group: Any, seen: Set[Tuple[int, int]]) -> None:
        """Every dataset, and all places that it has."""
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            item = group[name]
            identity = _identity(item)
            if isinstance(item, h5py.Dataset):
                self.places.setdefault(identity, []).append((group, name))
            elif isinstance(item, h5py.Group) and identity not in seen:
                seen.add(identity)
                self._survey(item, seen)

    def _decide_all(self, source: Any) -> None:
        """Before anything is written."""
        for identity, places in self.places.items():
            dataset = places[0][0][places[0][1]]
            self.treatments[identity] = self.decide(dataset, [f"{group.name}/{name}" for group, name in places])
            if self.treatments[identity] != "copied":
                self.total += dataset.nbytes
        if self.select is not None and set(self.treatments.values()) <= {"copied"}:
            raise ValueError(f"select={self.select!r} matches no dataset of {source.filename} that can be compressed")

    def decide(self, dataset: Any, names: Sequence[str]) -> str:
        """What shall become of a dataset that has these names."""
        if dataset.is_virtual:
            lacking = lacking_sources(dataset)
            if lacking:
                raise Error(f"virtual dataset {dataset.name} has no source {', '.join(lacking[:3])}")
            if not is_virtual_elsewhere(dataset):
                return "copied"
        if self.select is not None:
            if not self._is_selected(dataset):
                return "copied"
        elif not is_stack(dataset) or is_jpeg2000(dataset):
            return "copied"
        if self.wanted.has_loss() and not (self.spares_references and any(map(is_reference, names))):
            return "quality"
        return "copied" if dataset.dtype.kind == "f" and self.select is None else "lossless"

    def _is_selected(self, dataset: Any) -> bool:
        if callable(self.select):
            return bool(self.select(dataset))
        patterns = [self.select] if isinstance(self.select, str) else list(self.select or ())
        return any(fnmatch.fnmatchcase(dataset.name, "/" + pattern.lstrip("/")) for pattern in patterns)

    # The walk

    def _copy_group(self, source: Any, target: Any) -> None:
        copy_attributes(source, target, self.deferred)
        for name in source:
            link = source.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                target[name] = copy_link(link, source.file.filename, self.final_path)
                continue
            item = source[name]
            path = self.made.get(_identity(item))
            if path is not None:
                target[name] = target.file[path]
                continue
            self.made[_identity(item)] = item.name
            if isinstance(item, h5py.Group):
                self._copy_group(item, target.create_group(name, track_order=_keeps_order(item)))
            elif isinstance(item, h5py.Dataset):
                self._copy_dataset(item, target, name)
            else:
                source.copy(name, target, name)

    def _copy_dataset(self, source: Any, target: Any, name: str) -> None:
        treatment = self.treatments[_identity(source)]
        lossless_images = 0
        if treatment != "copied":
            lossless_images = self.compress(source, target, name, treatment)
        elif is_virtual_elsewhere(source):
            _copy_samples(source, target, name)
        else:
            source.file.copy(source, target, name)
        made = target[name]
        copy_attributes(source, made, self.deferred)
        if holds_references(source.dtype) and source.shape is not None:
            self.deferred.append(lambda: made.__setitem__(..., translate(source[()], source.file, made.file)))
        stored = int(made.id.get_storage_size())
        nbytes = 0 if source.shape is None else int(source.nbytes)
        self.copied.append(CopiedDataset(source.name, treatment, nbytes, stored, lossless_images))

    def compress(self, source: Any, target: Any, name: str, treatment: str) -> int:
        """Returns how many images of a stack with loss were spared."""
        wanted, spared = self.wanted, None
        if treatment == "lossless":
            wanted = wanted.without_loss()
        elif self.spares_references:
            spared = reference_images(source, [group for group, _ in self.places[_identity(source)]])
        maxshape, fillvalue = creation_of(source)
        try:
            writer = DatasetWriter.plan(target, name, source, wanted, self.means, spared)
            writer.creation = {"maxshape": maxshape, "fillvalue": fillvalue}
            _, texts = writer.write(self._report if self.progress is not None else None)
        except (Error, ValueError) as error:
            raise type(error)(f"{source.name}: {error}") from error
        for text in texts:
            warnings.warn(f"{source.name}: {text}", stacklevel=2)
        self.done += source.nbytes
        self.stored += int(target[name].id.get_storage_size())
        return 0 if spared is None else int(spared.sum())

    def _report(self, done: int, stored: int, total: int) -> None:
        assert self.progress is not None
        self.progress(self.done + done, self.stored + stored, self.total)


def _identity(item: Any) -> Tuple[int, int]:
    info = h5py.h5o.get_info(item.id)
    return int(info.fileno), int(info.addr)


def _keeps_order(group: Any) -> bool:
    """Whether links of a group are listed in the order of their creation."""
    creation = group.id.get_create_plist()
    return bool(creation.get_link_creation_order() & h5py.h5p.CRT_ORDER_TRACKED)


def _copy_samples(source: Any, target: Any, name: str) -> None:
    """A virtual dataset as an ordinary one."""
    if source.ndim == 0 or source.nbytes <= _SLAB_BYTES:
        target.create_dataset(name, data=source[()], dtype=source.dtype)
        return
    made = target.create_dataset(name, shape=source.shape, dtype=source.dtype)
    step = max(_SLAB_BYTES * len(source) // source.nbytes, 1)
    for first in range(0, len(source), step):
        made[first : first + step] = source[first : first + step]
