# SPDX-License-Identifier: BSD-3-Clause
"""TIFF files of any size as stacks, page by page, by tifffile."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ..errors import Error
from .inputs import need
from .stack import ImageReader, Stack

_LOSSY = ("OJPEG", "JPEG", "ALT_JPEG", "JPEG_LOSSY")
_MAYBE_LOSSY = ("LERC", "WEBP", "JPEG2000", "JPEGXL", "JPEGXR")


def open_tiff(path: str, series: Optional[str] = None) -> Stack:
    """One series of images; a file that has several must be asked for one by its number.

    :raises Error: the file is damaged, or has several series and none was named.
    """
    tifffile = need("tifffile", "TIFF files")
    try:
        file = tifffile.TiffFile(path)
    except (tifffile.TiffFileError, ValueError) as error:
        raise Error(f"{path} can't be read as TIFF: {error}") from error
    try:
        return _open_series(path, file, series)
    except BaseException:
        file.close()
        raise


def _open_series(path: str, file: Any, wanted: Optional[str]) -> Stack:
    every = file.series
    if wanted is None and len(every) != 1:
        listed = ", ".join(f"{number}: {one.shape} {one.dtype}" for number, one in enumerate(every))
        raise Error(f"{path} has {len(every)} series of images ({listed}): say which one, '{path}::0'")
    number = 0 if wanted is None else _number(path, wanted, len(every))
    series = every[number]
    page = series.pages[0]
    if series.dataoffset is not None:  # all samples in one piece, as they are
        dtype = series.dtype.newbyteorder(file.byteorder)

        def read(region: Any) -> Any:
            return np.array(np.memmap(path, dtype, "r", series.dataoffset, series.shape)[region])

        return Stack(path, series.shape, series.dtype, read, close=file.close)
    lead = series.shape[: len(series.shape) - len(page.shape)]
    if series.shape[len(lead) :] != page.shape or len(series.pages) != np.prod(lead, dtype=int):
        raise Error(f"{path}: {len(series.pages)} pages of {page.shape} don't make a stack of {series.shape}")

    def load(index: int) -> Any:
        try:
            return series.pages[index].asarray()
        except (ValueError, tifffile_errors()) as error:
            raise Error(f"{path}, page {index}: {error}") from error

    reader = ImageReader(lead, page.shape, series.dtype, load)
    return Stack(path, series.shape, series.dtype, reader, close=file.close, lossy=lambda: _loss(page.compression.name))


def tifffile_errors() -> Any:
    return need("tifffile", "TIFF files").TiffFileError


def _number(path: str, text: str, count: int) -> int:
    if not text.isdigit() or int(text) >= count:
        raise Error(f"{path}::{text}: a series is named by its number, 0 to {count - 1}")
    return int(text)


def _loss(compression: str) -> Optional[str]:
    if compression in _LOSSY:
        return f"its pages are compressed as {compression}"
    return f"its pages may be lossy: they are compressed as {compression}" if compression in _MAYBE_LOSSY else None
