# SPDX-License-Identifier: BSD-3-Clause
"""PNG and its like by Pillow; PNG with 16 bits and colour, which Pillow cuts down to 8 bits, by imagecodecs."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

from ..errors import Error
from .inputs import need
from .stack import ImageReader, Stack

_SAMPLES = {"1": ("?", 0), "L": ("u1", 0), "I;16": ("u2", 0), "I;16B": ("u2", 0), "LA": ("u1", 2), "RGB": ("u1", 3)}
_SAMPLES.update({"RGBA": ("u1", 4), "P": ("u1", 3), "PA": ("u1", 4)})
_PNG_CHANNELS = {2: 3, 4: 2, 6: 4}  # by the colour type of a PNG's header; grey and palettes are not here


def open_picture(path: str) -> Stack:
    """One image: (rows, columns) or (rows, columns, channels), of 8 or 16 bits or booleans; palettes are looked up.

    :raises Error: Pillow can't read it, or not without loss.
    """
    pillow = need("PIL.Image", "pictures", "pillow")
    try:
        with pillow.open(path) as picture:
            mode, (columns, rows), kind = picture.mode, picture.size, picture.format
            is_clear = "transparency" in picture.info
    except (OSError, ValueError) as error:
        raise Error(f"{path} can't be read as a picture: {error}") from error
    deep = _deep_png(path) if kind == "PNG" else 0
    shape: Tuple[int, ...]
    if deep:
        shape, dtype = (rows, columns, deep), np.dtype("u2")
        reader = ImageReader((), shape, dtype, lambda _: _read_deep_png(path))
    else:
        mode = "RGBA" if mode == "P" and is_clear else mode
        shape, dtype = _layout(path, mode, rows, columns)
        target = "RGB" if mode == "P" else mode
        reader = ImageReader((), shape, dtype, lambda _: _read_by_pillow(path, target))
    return Stack(path, shape, dtype, reader, lossy=lambda: "it is a JPEG file" if kind in ("JPEG", "MPO") else None)


def _layout(path: str, mode: str, rows: int, columns: int) -> Tuple[Tuple[int, ...], np.dtype[Any]]:
    if mode not in _SAMPLES:
        raise Error(f"{path} has samples of Pillow's mode {mode}: only {', '.join(_SAMPLES)} are read")
    name, channels = _SAMPLES[mode]
    return (rows, columns, channels) if channels else (rows, columns), np.dtype(name)


def _deep_png(path: str) -> int:
    """Channels of a PNG with 16 bits and more than one channel; else 0."""
    with open(path, "rb") as file:
        header = file.read(26)
    return _PNG_CHANNELS.get(header[25], 0) if header[24] == 16 else 0


def _read_deep_png(path: str) -> Any:
    codecs = need("imagecodecs", "PNG files with 16 bits a channel")
    with open(path, "rb") as file:
        return codecs.png_decode(file.read())


def _read_by_pillow(path: str, mode: str) -> Any:
    pillow = need("PIL.Image", "pictures", "pillow")
    with pillow.open(path) as picture:
        return np.asarray(picture if picture.mode == mode else picture.convert(mode))
