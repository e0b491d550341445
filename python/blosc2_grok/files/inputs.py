# SPDX-License-Identifier: BSD-3-Clause
"""Opens any input as a stack of images, by its name: npy, TIFF, PNG, DICOM, HDF5, b2nd, or a folder of images."""

from __future__ import annotations

import glob
import os
import re
from importlib import import_module
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from ..errors import Error
from .stack import ImageReader, Stack

SUFFIXES: Dict[str, str] = {
    ".npy": "npy",
    **dict.fromkeys((".tif", ".tiff", ".btf", ".tf8"), "tiff"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp"), "picture"),
    **dict.fromkeys((".dcm", ".dicom"), "dicom"),
    **dict.fromkeys((".h5", ".hdf5", ".nxs", ".nx", ".hdf", ".nexus"), "hdf5"),
    ".b2nd": "b2nd",
}
"""The format that a file's name tells."""

_IN_FOLDERS = ("tiff", "picture", "dicom")


def split_spec(spec: str) -> Tuple[str, Optional[str]]:
    """``file.h5::/entry/data`` in two: the path, and what is meant in it (None: not said)."""
    path, separator, inside = spec.rpartition("::")
    return (path, inside) if separator else (spec, None)


def format_of(path: str) -> str:
    """A value of SUFFIXES, or "folder".

    :raises Error: the name ends otherwise, and the file does not begin as a DICOM file does.
    """
    if os.path.isdir(path) and not path.lower().endswith(".b2nd"):
        return "folder"
    suffix = os.path.splitext(path)[1].lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if os.path.isfile(path) and _begins_as_dicom(path):
        return "dicom"
    raise Error(f"{path}: its format is not known; names end in {', '.join(SUFFIXES)}")


def _begins_as_dicom(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def open_stack(spec: str) -> Stack:
    """Opens a file, a folder, or a quoted pattern of files ("scan/*.tif") as one stack.

    :param spec: a path; of HDF5 with the dataset, ``file.h5::/entry/data`` (it may be left out where only one dataset
        is an image), of TIFF files with several series of images with the number of one, ``file.tif::0``.
    :raises FileNotFoundError: there is no such file.
    :raises Error: it can't be read as images that are alike, or a package that reads it is not installed.
    """
    path, inside = split_spec(spec)
    if not os.path.lexists(path):
        found = sorted(glob.glob(path), key=natural_key) if glob.has_magic(path) else []
        if not found:
            raise FileNotFoundError(f"{path} does not exist")
        return _open_files(spec, found)
    kind = format_of(path)
    if kind == "folder":
        return _open_files(spec, _images_in(path))
    if inside is not None and kind not in ("hdf5", "tiff"):
        raise Error(f"{spec}: only HDF5 and TIFF files have parts that are named by '::'")
    opener = _OPENERS[kind]
    return opener(path) if inside is None else opener(path, inside)


def need(module: str, what: str, package: Optional[str] = None) -> Any:
    """Imports what reads or writes a format; an error names the package where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        name = package or module.partition(".")[0]
        raise Error(f"{what} need the package {name}: pip install {name} ({error})") from error


def natural_key(path: str) -> List[Any]:
    """Sorts image 10 behind image 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path)]


def _images_in(folder: str) -> List[str]:
    names = sorted(os.listdir(folder), key=natural_key)
    kinds = {name: SUFFIXES.get(os.path.splitext(name)[1].lower()) for name in names}
    images = [name for name in names if kinds[name] in _IN_FOLDERS]
    found_kinds = sorted({str(kinds[name]) for name in images})
    if len(found_kinds) != 1:
        found = f"images of several formats ({', '.join(found_kinds)})" if images else "no TIFF, PNG or DICOM files"
        raise Error(f"{folder} holds {found}: name those you mean by a quoted pattern, '{folder}/*.tif'")
    return [os.path.join(folder, name) for name in images]


def _open_files(name: str, paths: List[str]) -> Stack:
    """One image a file, all alike: their headers are read first, so that a stranger is found at once."""
    kinds = {format_of(path) for path in paths}
    if not kinds <= set(_IN_FOLDERS):
        raise Error(f"{name}: one image a file is read from TIFF, PNG and DICOM files, not from {sorted(kinds)}")
    if kinds == {"dicom"}:
        from .dicom import sort_instances

        paths = sort_instances(paths)
    first = _OPENERS[format_of(paths[0])](paths[0])
    shape, dtype = first.shape, first.dtype
    first.close()
    lossy: List[str] = []
    for path in paths:
        with _OPENERS[format_of(path)](path) as one:
            if (one.shape, one.dtype) != (shape, dtype):
                raise Error(f"{path} is {one.shape} {one.dtype}, and {paths[0]} is {shape} {dtype}: they make no stack")
            reason = one.why_lossy()
            lossy += [] if reason is None or lossy else [f"{path}: {reason}"]

    def load(number: int) -> Any:
        with _OPENERS[format_of(paths[number])](paths[number]) as one:
            return one[...]

    lead = (len(paths),)
    reader = ImageReader(lead, shape, dtype, load)
    return Stack(name, lead + shape, dtype, reader, lossy=lambda: lossy[0] if lossy else None)


def _open_npy(path: str) -> Stack:
    def mapped() -> Any:
        # A map of its own for each region: pages that were read don't stay in memory.
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise Error(f"{path} can't be read: {error}") from error

    whole = mapped()
    return Stack(path, whole.shape, whole.dtype, lambda region: np.array(mapped()[region]))


def _open_b2nd(path: str) -> Stack:
    import blosc2

    from ..blocks import codestreams
    from ..reading import read
    from .lossy import loss_of_blocks

    try:
        array = blosc2.open(path, mode="r")
    except (RuntimeError, ValueError) as error:
        raise Error(f"{path} can't be opened as a Blosc2 array: {error}") from error
    if not hasattr(array, "blocks"):
        raise Error(f"{path} holds no array: it has no shape")

    def read_region(region: Any) -> Any:
        return read(array, region)

    return Stack(path, array.shape, array.dtype, read_region, lossy=lambda: loss_of_blocks(codestreams(array)))


def _open_tiff(path: str, series: Optional[str] = None) -> Stack:
    from .tiff import open_tiff

    return open_tiff(path, series)


def _open_picture(path: str) -> Stack:
    from .pictures import open_picture

    return open_picture(path)


def _open_dicom(path: str) -> Stack:
    from .dicom import open_dicom

    return open_dicom(path)


def _open_hdf5(path: str, dataset: Optional[str] = None) -> Stack:
    from .hdf5 import open_dataset

    return open_dataset(path, dataset)


_OPENERS: Dict[str, Callable[..., Stack]] = {
    "npy": _open_npy,
    "b2nd": _open_b2nd,
    "tiff": _open_tiff,
    "picture": _open_picture,
    "dicom": _open_dicom,
    "hdf5": _open_hdf5,
}
