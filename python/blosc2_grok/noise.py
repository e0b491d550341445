# SPDX-License-Identifier: BSD-3-Clause
"""The noise of images: estimated, or as told."""

from __future__ import annotations

import math
from typing import Any, Iterable, Mapping, Optional, Union

import numpy as np
from numpy.typing import NDArray

from .partition import Region, Roles
from .sampling import Sample

NOISE_FACTOR = 0.25

_GAUSS_OF_MAD = 1.4826022185056018  # sigma of a normal distribution over the median of its absolute values


def estimate_noise(image: NDArray[Any], following: Optional[NDArray[Any]] = None) -> float:
    """The standard deviation of the noise in an image, whatever its content.

    With the next image of a stack it is estimated from the difference of both, divided by the root of 2: what stays
    from image to image (edges, the pattern of a detector's pixels) is no noise. The lower of both estimates counts,
    since either errs upwards only.

    The second difference along both axes (for one row: along it) takes out what is locally linear::

        h[r, c] = sum of k[i, j] x[r + i, c + j] over i, j in -1..1,   k = [ 1 -2  1]
                                                                          [-2  4 -2]
                                                                          [ 1 -2  1]
        sigma = 1.4826 median(|h|) / 6

    6 is the root of the sum of k's squares (one row: k = [1 -2 1], root 6), and 1.4826 the sigma of a normal
    distribution over the median of its absolute values, which edges, hot pixels and lines hardly move.
    """
    x = np.asarray(image, dtype=np.float64)
    if following is not None:
        alone = estimate_noise(image)
        between = estimate_noise(np.asarray(following, dtype=np.float64) - x) / math.sqrt(2)
        return min(alone, between) if between > 0 else alone
    for axis in range(x.ndim):
        if x.shape[axis] >= 3:
            x = np.diff(x, n=2, axis=axis)
    kept = x[np.isfinite(x)]
    if kept.size == 0:
        return 0.0
    norm = math.sqrt(6) ** sum(extent >= 3 for extent in np.shape(image))
    return float(_GAUSS_OF_MAD * np.median(np.abs(kept)) / norm)


def rmse_of_noise(noise: Union[float, Mapping[str, float]], sample: Sample, roles: Roles) -> float:
    """The rmse that ``noise=`` of asarray allows: a part of the least noise of any sampled block that has some."""
    told: Mapping[str, float] = {} if isinstance(noise, (int, float)) else noise
    unknown = set(told) - {"factor", "sigma", "gain", "read_noise", "offset"}
    if unknown:
        raise ValueError(f"noise has {sorted(unknown)}: it may have factor, sigma, gain, read_noise and offset")
    factor = float(told.get("factor", NOISE_FACTOR)) if told else float(noise)  # type: ignore[arg-type]
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"noise is {noise!r}: the part of the noise must be a number above 0")
    if "sigma" in told:
        sigma = float(told["sigma"])
    elif "gain" in told or "read_noise" in told:
        sigma = _least(_told_sigma(image, told) for image in sample.images())
    else:
        sigma = _least(_block_noise(sample, block, region, roles) for block, region in sample.blocks())
    if not sigma > 0:
        raise ValueError('noise: none was found in the sampled blocks: say it, {"gain": ..., "read_noise": ...}')
    return factor * sigma


def _least(sigmas: Iterable[float]) -> float:
    return min((sigma for sigma in sigmas if sigma > 0), default=0.0)


def _told_sigma(image: NDArray[Any], told: Mapping[str, float]) -> float:
    signal = float(np.median(image)) - told.get("offset", 0.0)
    return math.sqrt(told.get("gain", 0.0) * max(signal, 0.0) + told.get("read_noise", 0.0) ** 2)


def _block_noise(sample: Sample, block: NDArray[Any], region: Region, roles: Roles) -> float:
    """The least of a block's planes that have noise; of up to 8 of them."""
    image = block[tuple(slice(0, r.stop - r.start) for r in region)]
    planes = _list_planes(image, roles)
    following = _following_images(sample, image, region, roles)
    others = planes if following is None else _list_planes(following, roles)
    step = max(len(planes) // 8, 1)
    pairs = zip(planes[::step], others[::step])
    return _least(estimate_noise(a, None if following is None else b) for a, b in pairs)


def _list_planes(image: NDArray[Any], roles: Roles) -> NDArray[Any]:
    sides = [axis for axis in (roles.row, roles.column) if axis is not None]
    planes = np.moveaxis(image, sides, range(-len(sides), 0)) if sides else image
    flat = planes.reshape((-1, *planes.shape[planes.ndim - len(sides) :]))
    return np.concatenate([flat.real, flat.imag]) if flat.dtype.kind == "c" else flat


def _following_images(sample: Sample, image: NDArray[Any], region: Region, roles: Roles) -> Optional[NDArray[Any]]:
    """The same part of the neighbouring images in a stack, one for each; None where there are none."""
    shape = sample.grid.shape
    axes = [axis for axis in roles.planes(len(shape)) if shape[axis] > 1]
    if not axes:
        return None
    axis = axes[-1]
    if image.shape[axis] > 1:
        return np.roll(image, -1, axis)
    start = region[axis].start
    neighbour = start + 1 if start + 1 < shape[axis] else start - 1
    beside = (*region[:axis], slice(neighbour, neighbour + 1), *region[axis + 1 :])
    return np.asarray(sample.source[beside])
