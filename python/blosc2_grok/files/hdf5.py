# SPDX-License-Identifier: BSD-3-Clause
"""Datasets of HDF5 files, virtual ones too: found by name or by a walk, and read by h5py."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

from .. import _native
from ..containers import BLOSC2_FILTER, HTJ2K_FILTER, list_filters
from ..errors import Error
from ..hdf5.objects import lacking_sources
from .inputs import need
from .lossy import HDF5_FILTERS, loss_of_blocks, loss_of_codestream
from .stack import Stack

_LISTED = 20


def open_file(path: str) -> Any:
    """Opens a file for reading, with hdf5plugin's filters where it is installed."""
    h5py = need("h5py", "HDF5 files")
    try:
        import hdf5plugin  # noqa: F401  (registers its filters)
    except ImportError:
        pass
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise Error(f"{path} can't be opened as HDF5: {error}") from error


def find_images(file: Any) -> Dict[str, Any]:
    """The datasets of numbers with two axes or more, by name. Links out of the file are not followed."""
    found: Dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if hasattr(item, "shape") and item.shape is not None and len(item.shape) >= 2 and item.dtype.kind in "buifc":
            found["/" + name] = item

    file.visititems(visit)
    return found


def pick_dataset(path: str, file: Any, name: Optional[str]) -> Any:
    """The dataset of this name; without one, the only image there is.

    :raises Error: there is none, or there are several; it names them.
    """
    images = find_images(file)
    listed = ", ".join(f"{key} {item.shape} {item.dtype}" for key, item in list(images.items())[:_LISTED]) or "none"
    if name:
        item = file.get(name)
        if item is None or not hasattr(item, "shape"):
            raise Error(f"{path} has no dataset {name}; its images are: {listed}")
        return item
    if len(images) != 1:
        raise Error(f"{path} has {len(images)} datasets of images: say which one, '{path}::/NAME'. They are: {listed}")
    return next(iter(images.values()))


def open_dataset(path: str, name: Optional[str] = None) -> Stack:
    """One dataset as a stack.

    :raises Error: no such dataset; or a virtual one with missing sources, which would be read as its fill value.
    """
    file = open_file(path)
    try:
        dataset = pick_dataset(path, file, name)
        missing = lacking_sources(dataset) if dataset.is_virtual else []
        if missing:
            raise Error(f"{path}::{dataset.name} is virtual, and {len(missing)} sources are missing: {missing[0]}")
    except BaseException:
        file.close()
        raise
    return Stack(
        f"{path}::{dataset.name}",
        dataset.shape,
        dataset.dtype,
        lambda region: dataset[region],
        close=file.close,
        lossy=lambda: loss_of_dataset(dataset),
    )


@contextmanager
def dataset_of(path: str, name: Optional[str]) -> Iterator[Any]:
    """An h5py dataset, for what reads stored chunks."""
    with open_file(path) as file:
        yield pick_dataset(path, file, name)


def loss_of_dataset(dataset: Any) -> Optional[str]:
    """Why its samples are not those that were first stored; of a virtual dataset, its sources are not looked into."""
    filters = list_filters(dataset)
    for number in filters:
        if number in HDF5_FILTERS:
            return f"it was written through the filter {HDF5_FILTERS[number]}, which may be lossy"
    if dataset.scaleoffset is not None and dataset.dtype.kind == "f":
        return "it was written through the filter scale-offset, which is lossy for floats"
    if filters == [BLOSC2_FILTER]:
        from ..blocks import codestreams

        return loss_of_blocks(codestreams(dataset))
    return _loss_of_htj2k(dataset) if filters == [HTJ2K_FILTER] else None


def _loss_of_htj2k(dataset: Any) -> Optional[str]:
    """Of bare codestreams, one a chunk."""
    for number in range(dataset.id.get_num_chunks()):
        offset = dataset.id.get_chunk_info(number).chunk_offset
        mask, data = dataset.id.read_direct_chunk(offset)
        reason = None if mask else loss_of_codestream(_native.describe_block(data))
        if reason is not None:
            return f"chunk {number} is lossy ({reason})"
    return None
