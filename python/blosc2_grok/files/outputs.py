# SPDX-License-Identifier: BSD-3-Clause
"""Writes a stack image by image, and gives a file its name when it is complete."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator, Optional

import numpy as np
from numpy.typing import NDArray

from ..planning import Progress
from ..renaming import remove, temporary_name
from .inputs import need
from .stack import Stack

_LARGEST_CLASSIC_TIFF = 2**32 - 2**25


@contextmanager
def replacing(path: str, *, overwrite: bool) -> Iterator[str]:
    """A temporary name beside ``path``; what is there in the end is renamed. After any error nothing is left.

    :raises FileExistsError: ``path`` exists and ``overwrite`` is not set.
    """
    target = os.path.abspath(path)
    if not overwrite and os.path.lexists(target):
        raise FileExistsError(f"{path} exists: --overwrite replaces it")
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{folder} does not exist: make it first")
    temporary = temporary_name(target, suffix=os.path.splitext(target)[1])
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        remove(temporary)


def write_npy(stack: Stack, path: str, progress: Optional[Progress] = None) -> None:
    """As ``numpy.save`` does, but image by image."""
    header = {"descr": np.lib.format.dtype_to_descr(stack.dtype), "fortran_order": False, "shape": stack.shape}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_2_0(file, header)
        for image in _counted(stack, progress):
            file.write(np.ascontiguousarray(image).data)


def write_tiff(stack: Stack, path: str, progress: Optional[Progress] = None) -> None:
    """Without compression, one page an image; as BigTIFF where it is large."""
    tifffile = need("tifffile", "TIFF files")
    is_rgb = len(stack.image_shape()) == 3 and stack.dtype.kind in "u"
    with tifffile.TiffWriter(path, bigtiff=stack.nbytes > _LARGEST_CLASSIC_TIFF) as writer:
        writer.write(
            _counted(stack, progress),
            shape=stack.shape,
            dtype=stack.dtype,
            photometric="rgb" if is_rgb else "minisblack",
        )


def write_plain_hdf5(stack: Stack, path: str, name: str, progress: Optional[Progress] = None) -> None:
    """One dataset without compression that any HDF5 reads."""
    h5py = need("h5py", "HDF5 files")
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(name, shape=stack.shape, dtype=stack.dtype)
        done = 0
        for index, image in stack.images():
            dataset[index] = image
            done += image.nbytes
            _tell(progress, done, stack.nbytes)


def _counted(stack: Stack, progress: Optional[Progress]) -> Iterator[NDArray[Any]]:
    done = 0
    for _, image in stack.images():
        yield image
        done += image.nbytes
        _tell(progress, done, stack.nbytes)


def _tell(progress: Optional[Progress], done: int, total: int) -> None:
    if progress is not None:
        progress(done, done, total)
