# SPDX-License-Identifier: BSD-3-Clause
"""Seeded images of every kind, from integer arithmetic only: the same samples on every machine and NumPy."""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Dict, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]


def random_bits(shape: Sequence[int], seed: int) -> NDArray[np.uint64]:
    """64 random bits a sample: splitmix64 of the sample's number."""
    with np.errstate(over="ignore"):
        x = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(seed * 1_000_003 + 1)
        x *= np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return x.reshape(tuple(shape))


def bell(shape: Sequence[int], sigma: int, seed: int) -> Image:
    """Nearly normal noise: the sum of four uniform 16-bit numbers, scaled to ``sigma``."""
    bits = random_bits(shape, seed)
    parts = np.zeros(bits.shape, dtype=np.int64)
    for i in range(4):
        parts += ((bits >> np.uint64(16 * i)) & np.uint64(0xFFFF)).astype(np.int64)
    return (parts - 2 * 0xFFFF) * sigma // 37837  # the sum's standard deviation is 65536 / sqrt(3)


def smooth(rows: int, columns: int, cell: int, seed: int) -> Image:
    """0 to 65535, bilinear between random corners ``cell`` samples apart."""
    corners = (random_bits((rows // cell + 2, columns // cell + 2), seed) & np.uint64(0xFFFF)).astype(np.int64)
    r, c = np.arange(rows)[:, None], np.arange(columns)[None, :]
    i, j, v, u = r // cell, c // cell, r % cell, c % cell
    top = corners[i, j] * (cell - u) + corners[i, j + 1] * u
    bottom = corners[i + 1, j] * (cell - u) + corners[i + 1, j + 1] * u
    return (top * (cell - v) + bottom * v) // (cell * cell)


def _photo(rows: int, columns: int, seed: int) -> Image:
    """Soft shapes with edges, texture and a little noise; 0 to 65535."""
    soft = (smooth(rows, columns, 61, seed) * 5 + smooth(rows, columns, 17, seed + 1) * 2) // 7
    edges = np.where(smooth(rows, columns, 43, seed + 2) > 36000, 16000, 0)
    texture = smooth(rows, columns, 3, seed + 3) // 24
    return np.clip(soft * 2 // 3 + edges + texture + bell((rows, columns), 250, seed + 4), 0, 65535)


def _xray(rows: int, columns: int, seed: int) -> Image:
    """A radiograph of some 15 bits: broad shadows, fine lines, noise that grows with the signal."""
    broad = smooth(rows, columns, 97, seed) * 3 // 8 + smooth(rows, columns, 29, seed + 1) // 16
    bones = np.where(smooth(rows, columns, 37, seed + 2) > 40000, 2500, 0)
    signal = 874 + broad + bones
    return np.clip(signal + bell((rows, columns), 1, seed + 3) * signal // 400, 0, 65535)


def _ct(rows: int, columns: int, seed: int) -> Image:
    """Hounsfield units: a round body of soft tissue in air, corners beyond the field of view at -2000."""
    r, c = np.arange(rows)[:, None], np.arange(columns)[None, :]
    radius = ((2 * r - rows) ** 2 * columns**2 + (2 * c - columns) ** 2 * rows**2) * 100 // (rows * columns) ** 2
    tissue = 40 + (smooth(rows, columns, 13, seed) - 32768) // 500
    tissue = np.where(smooth(rows, columns, 23, seed + 1) > 50000, 1100, tissue)
    body = np.where(radius < 64, tissue, -1000) + bell((rows, columns), 12, seed + 2)
    return np.where(radius >= 100, -2000, body)


def _text(rows: int, columns: int, seed: int) -> Image:
    """Black glyphs of 5 x 7 random dots, each dot 2 x 2 samples, on white."""
    r, c = np.arange(rows)[:, None] // 2, np.arange(columns)[None, :] // 2
    dots = (random_bits((rows // 10 + 1, columns // 7 + 1), seed)[r // 10, c // 7]) & np.uint64((1 << 35) - 1)
    at = np.minimum(r % 10 * 5 + c % 7, 63).astype(np.uint64)
    is_ink = (r % 10 < 7) & (c % 7 < 5) & ((dots >> at) & np.uint64(1) == 1)
    return np.where(is_ink, 0, 65535)


def _checkerboard(rows: int, columns: int, seed: int) -> Image:
    """The greatest contrast there is, sample by sample."""
    return (np.arange(rows)[:, None] + np.arange(columns)[None, :] + seed) % 2 * 65535


def _noise(rows: int, columns: int, seed: int) -> Image:
    """Every value equally often: can't be compressed."""
    return (random_bits((rows, columns), seed) & np.uint64(0xFFFF)).astype(np.int64)


def _constant(rows: int, columns: int, seed: int) -> Image:
    return np.full((rows, columns), 21845 + seed, dtype=np.int64)


KINDS: Dict[str, Callable[[int, int, int], Image]] = {
    "photo": _photo,
    "xray": _xray,
    "ct": _ct,
    "text": _text,
    "checkerboard": _checkerboard,
    "noise": _noise,
    "constant": _constant,
}

_IS_ABSOLUTE = ("xray", "ct")  # their values mean counts or Hounsfield units: not stretched over the dtype's range


def make(kind: str, dtype: str, shape: Sequence[int], seed: int = 1) -> Image:
    """An image of ``kind`` with any shape: a last axis of 3 or 4 after two others is channels, leading ones a stack."""
    shape = tuple(shape)
    if len(shape) == 1:
        return make(kind, dtype, (1, *shape), seed).reshape(shape)
    if len(shape) >= 3 and shape[-1] in (3, 4):
        channels = [make(kind, dtype, shape[:-1], seed) for _ in range(shape[-1])]
        if kind in ("photo", "xray", "ct", "text"):  # channels are much alike, but not the same
            info = np.iinfo(dtype)
            step = (info.max - int(info.min)) // 20
            channels = [
                np.clip(c.astype(np.int64) + step * i, info.min, info.max).astype(dtype) for i, c in enumerate(channels)
            ]
        return np.stack(channels, axis=-1)
    if len(shape) > 2:
        return np.stack([make(kind, dtype, shape[1:], seed + 10 * i) for i in range(shape[0])])
    wide = KINDS[kind](shape[0], shape[1], seed)
    info = np.iinfo(dtype)
    if kind in _IS_ABSOLUTE and info.bits == 16:
        return np.clip(wide + (2000 if kind == "ct" and info.min == 0 else 0), info.min, info.max).astype(dtype)
    if kind == "ct":
        wide = (wide + 2000) * 16
    if info.bits == 8:
        wide = wide >> 8
    return (np.clip(wide, 0, 65535) + int(info.min)).astype(dtype)


def checksum(image: Image) -> str:
    """Of dtype, shape and samples, in little-endian order."""
    little = np.ascontiguousarray(image).astype(image.dtype.newbyteorder("<"))
    head = f"{little.dtype.kind}{little.dtype.itemsize}{little.shape}".encode()
    return hashlib.sha256(head + little.tobytes()).hexdigest()[:16]


def psnr(original: Image, decoded: Image, bits: int) -> float:
    """10 log10(peak^2 / MSE) with peak = 2^bits - 1."""
    mse = float(np.mean((original.astype(np.float64) - decoded.astype(np.float64)) ** 2))
    return float("inf") if mse == 0 else 10 * float(np.log10((2**bits - 1) ** 2 / mse))


def means_of_cells(samples: Image) -> Image:
    """Of two by two samples, and of what is left of them at the edges."""
    rows, columns = samples.shape
    padded = np.full((rows + rows % 2, columns + columns % 2), np.nan)
    padded[:rows, :columns] = samples
    means = np.nanmean(padded.reshape(padded.shape[0] // 2, 2, -1, 2), axis=(1, 3))
    if samples.dtype.kind == "b":
        return np.asarray(means >= 0.5)
    return np.asarray((np.rint(means) if samples.dtype.kind in "ui" else means).astype(samples.dtype))


def shape_text(shape: Tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape)
