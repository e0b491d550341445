# SPDX-License-Identifier: BSD-3-Clause
"""How two images differ: errors in counts and in sigma of the noise, PSNR with its peak, SSIM with its window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from ..noise import estimate_noise
from ..partition import resolve_roles

SSIM_WINDOW = 7
"""Side of the square window of SSIM, samples."""


@dataclass(frozen=True)
class ImageErrors:
    """Errors of one image against its source; in units of the samples, where nothing else is said."""

    index: Tuple[int, ...]
    rmse: float
    max_error: float
    sigma: float
    """Standard deviation of the source's noise; 0 where none was found."""
    psnr: float
    """dB; infinite for equal images."""
    ssim: Optional[float]
    """Mean SSIM over 7 x 7 windows, with the source image's own range; None: not computed."""

    @property
    def rmse_sigma(self) -> Optional[float]:
        return self.rmse / self.sigma if self.sigma > 0 else None

    @property
    def max_sigma(self) -> Optional[float]:
        return self.max_error / self.sigma if self.sigma > 0 else None


def peak_of(dtype: np.dtype[Any], bits: Optional[int]) -> Optional[float]:
    """2^bits - 1 of integers up to 16 bits; None: each image's own range is its peak."""
    if dtype.kind not in "ui" or dtype.itemsize > 2:
        return None
    return float(2 ** (bits or 8 * dtype.itemsize) - 1)


def compare_images(
    index: Tuple[int, ...],
    source: NDArray[Any],
    decoded: NDArray[Any],
    *,
    peak: Optional[float],
    neighbour: Optional[NDArray[Any]] = None,
    sigma: Optional[float] = None,
    with_ssim: bool = True,
) -> ImageErrors:
    """Compares one decoded image with its source, both of one shape and dtype.

    Samples that are not finite must be the same in both: else the errors are infinite.

    :param peak: of the PSNR; None: the range of the source.
    :param neighbour: the image before or after it, which tells noise from a pattern.
    :param sigma: of the noise, where it is known.
    """
    finite = np.isfinite(source)
    low, high = _range(source[finite])
    squares, greatest = _errors(source, decoded, finite)
    mse = squares / max(int(finite.sum()), 1)
    top = peak if peak is not None else high - low
    psnr = math.inf if mse == 0 else -math.inf if top == 0 or math.isinf(mse) else 10 * math.log10(top**2 / mse)
    noise = sigma if sigma is not None else noise_of(source, neighbour)
    ssim = _ssim(source, decoded, high - low) if with_ssim and finite.all() else None
    return ImageErrors(index, math.sqrt(mse), greatest, noise, psnr, ssim)


def _range(values: NDArray[Any]) -> Tuple[float, float]:
    if not values.size:
        return 0.0, 0.0
    wide = np.abs(values) if values.dtype.kind == "c" else values
    return float(wide.min()), float(wide.max())


def _errors(source: NDArray[Any], decoded: NDArray[Any], finite: NDArray[np.bool_]) -> Tuple[float, float]:
    """Sum of squared errors, and the greatest."""
    if not finite.all():
        if not np.array_equal(source[~finite], decoded[~finite], equal_nan=True):
            return math.inf, math.inf
        source, decoded = source[finite], decoded[finite]
    if source.dtype.kind in "bui" and source.dtype.itemsize < 8:
        error: NDArray[Any] = np.abs(decoded.astype(np.int64) - source.astype(np.int64)).astype(np.float64)
    elif source.dtype.kind in "ui":
        # Beyond 53 bits the difference must be taken before it becomes a float.
        error = np.where(decoded > source, decoded - source, source - decoded).view("u8").astype(np.float64)
    else:
        wide = np.complex128 if source.dtype.kind == "c" else np.float64
        error = np.asarray(np.abs(decoded.astype(wide) - source.astype(wide)))
    return float(np.sum(error**2)), float(error.max(initial=0))


def noise_of(image: NDArray[Any], neighbour: Optional[NDArray[Any]]) -> float:
    """The least noise of an image's channels; 0 where none is found."""
    if image.dtype.kind not in "uif":
        return 0.0
    planes, others = _channels(image), None if neighbour is None else _channels(neighbour)
    sigmas = [estimate_noise(plane, None if others is None else others[at]) for at, plane in enumerate(planes)]
    return min((sigma for sigma in sigmas if sigma > 0), default=0.0)


def _channels(image: NDArray[Any]) -> NDArray[Any]:
    is_colour = resolve_roles(image.shape, None, image.dtype.itemsize).channel is not None
    return np.moveaxis(image, -1, 0) if is_colour else image[None]


def _ssim(source: NDArray[Any], decoded: NDArray[Any], spread: float) -> Optional[float]:
    """None where the image is smaller than the window, its samples have no order, or scikit-image is missing."""
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return None
    sides = [n for n in source.shape if n != 1]
    is_colour = resolve_roles(source.shape, None, source.dtype.itemsize).channel is not None
    if source.dtype.kind not in "uif" or len(sides) != 2 + is_colour or min(sides[:2]) < SSIM_WINDOW:
        return None
    if spread == 0:
        return 1.0 if np.array_equal(source, decoded) else 0.0
    a, b = (image.reshape(sides).astype(np.float64) for image in (source, decoded))
    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            a, b, data_range=spread, win_size=SSIM_WINDOW, channel_axis=len(sides) - 1 if is_colour else None
        )
    )
