# SPDX-License-Identifier: BSD-3-Clause
"""What can't work is refused before anything is created: blocks that can't be coded, and losses that leave nothing."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from . import _native
from .checked import checked_params, plain_params
from .errors import Error, notices
from .params import Params
from .sampling import Grid, Sample, encode

_DEFAULTS = plain_params({})

# What blocks depend on, beyond quality; anything else can't fail.
_IMAGE_FREE = {"mct", "mode", "layout", "cod_format", "num_threads", "verbose", "keep", "max_error", "rmse", "psnr"}


def check_trial_block(sample: Sample, parameters: Mapping[str, Any]) -> None:
    """Encodes one block where parameters might not suit it: the error then comes before anything is created.

    Not the only block of an array: it is encoded anyway before the array gets its name.

    :raises Error: the codec's reason; also where a block's budget is below what headers take.
    """
    plain = plain_params(parameters)
    if _has_one_block(sample.grid) and plain["tile_size"] == [0, 0]:
        return
    telling = [name for name, value in plain.items() if value != _DEFAULTS[name] and name not in _IMAGE_FREE]
    is_lossy = any(plain[name] is not None for name in ("max_error", "rmse", "psnr", "quality_mode"))
    has_odd_mode = plain["mode"] not in (0, 64) or (plain["mode"] == 64 and is_lossy) or plain["mct"] == 1
    if not telling and not has_odd_mode:
        return
    for block, _ in sample.blocks():
        if not block.any():
            continue
        serial = _native.message_serial()
        stored = encode(block, sample.grid, plain)
        _refuse_tiny_budget(sample.grid, serial)
        if stored is not None and plain["tile_size"] != [0, 0]:
            _check_tiles(plain["tile_size"], _native.describe_block(stored)["codestream"])
        return


def check_only_block(grid: Grid, serial: int) -> None:
    """What the trial block would have told of an array's only block, once that has been encoded after ``serial``."""
    if _has_one_block(grid):
        _refuse_tiny_budget(grid, serial)


def _has_one_block(grid: Grid) -> bool:
    return all(extent <= min(sides) for extent, *sides in zip(grid.shape, grid.chunks, grid.blocks))


def _refuse_tiny_budget(grid: Grid, serial: int) -> None:
    for notice in notices(serial):
        if "below what headers take" in notice.text:
            raise Error(f"{notice.text}: choose larger blocks than {grid.blocks}, or a lower rate")


def _check_tiles(tile_size: Sequence[int], codestream: Mapping[str, Any]) -> None:
    if tile_size[0] > codestream["columns"] or tile_size[1] > codestream["rows"]:
        raise ValueError(
            f"tile_size {tuple(tile_size)} is larger than a block's image of {codestream['columns']} x "
            f"{codestream['rows']} (width x height)"
        )


def check_not_collapsed(sample: Sample, parameters: Mapping[str, Any]) -> None:
    """Refuses a loss as large as what there is to see: users have lost arrays to 16-bit PSNR of 10-bit images.

    :raises ValueError: the variance of the sampled blocks is not above the error allowed. A constant array has nothing
        to lose and passes.
    """
    params = checked_params(parameters)
    if sample.grid.dtype.kind == "b" or not _has_stated_loss(params):
        return
    if _is_varied_at_a_glance(sample, params):
        return
    spread = _spread_of(sample, params.keep)
    if spread.count < 2:
        return
    variance, low, high = spread.variance, spread.low, spread.high
    allowed, told = _allowed_mse(params, sample.grid.dtype, high - low)
    if variance == 0 or variance > allowed:
        return
    raise ValueError(
        f"{told} allows a mean squared error of {allowed:.4g}, and the array's variance is {variance:.4g} (samples "
        f"from {low:g} to {high:g}{_bits_in_use(sample.grid.dtype, low, high)}): nothing would be left of it. "
        "Allow a smaller error, or say bits_per_sample where a PSNR counts from fewer bits"
    )


_GLANCE = 16384  # samples of each block


def _is_varied_at_a_glance(sample: Sample, params: Params) -> bool:
    """Whether a few samples have several times the variance that would be refused: all of them take longer than coding.

    False for floats, whose peak may be a single sample.
    """
    if sample.grid.dtype.kind not in "ui":
        return False
    spread = _spread_of(sample, params.keep, _GLANCE)
    allowed, _ = _allowed_mse(params, sample.grid.dtype, spread.high - spread.low)
    return spread.count > 1000 and spread.variance > 4 * allowed


def _spread_of(sample: Sample, keep: Sequence[float], most_each: int = sys.maxsize) -> _Spread:
    spread = _Spread()
    for image in sample.images():
        flat = image.reshape(-1)
        spread.add(_finite(flat[:: flat.size // most_each | 1], keep))  # odd: not a column of a power of two
    return spread


@dataclass
class _Spread:
    """Variance and range of values that come in parts, so that never all of them are wide floats at once."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared distances from the mean
    low: float = math.inf
    high: float = -math.inf

    @property
    def variance(self) -> float:
        return self.squares / self.count if self.count else 0.0

    def add(self, values: NDArray[np.float64]) -> None:
        if values.size == 0:
            return
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        total, distance = self.count + values.size, float(values.mean()) - self.mean
        # Chan, Golub and LeVeque 1979: merges two parts without loss of digits.
        self.squares += float(values.var()) * values.size + distance**2 * self.count * values.size / total
        self.mean += distance * values.size / total
        self.count = total


def _has_stated_loss(params: Params) -> bool:
    return params.quality_mode == "dB" or any(
        value is not None for value in (params.psnr, params.rmse, params.max_error)
    )


def _finite(flat: NDArray[Any], keep: Sequence[float]) -> NDArray[np.float64]:
    if flat.dtype.kind == "c":
        flat = np.concatenate([flat.real, flat.imag])
    if keep:
        flat = flat[~np.isin(flat, np.asarray(keep))]
    values = flat.astype(np.float64)
    return values if flat.dtype.kind in "uib" else values[np.isfinite(values)]


def _allowed_mse(params: Params, dtype: np.dtype[Any], spread: float) -> Tuple[float, str]:
    """The mean squared error that a quality allows, and the quality in words."""
    if params.rmse is not None:
        return params.rmse**2, f"rmse={params.rmse:g}"
    if params.max_error is not None:
        # Errors of a grid are spread evenly over its step.
        return params.max_error**2 / 3, f"max_error={params.max_error:g}"
    decibels = params.psnr if params.psnr is not None else params.quality_layers[-1]
    if dtype.kind in "ui" and dtype.itemsize <= 2:
        depth = params.bits_per_sample or 8 * dtype.itemsize
        peak = 2.0 ** int(depth) - 1
    else:
        peak = spread
    return float(peak**2 * 10 ** (-decibels / 10)), f"a PSNR of {decibels:g} dB with its peak of {peak:g}"


def _bits_in_use(dtype: np.dtype[Any], low: float, high: float) -> str:
    if dtype.kind not in "ui":
        return ""
    bits = max(int(high).bit_length(), int(-low).bit_length() if low < 0 else 0) + (dtype.kind == "i")
    return f", {bits} of {8 * dtype.itemsize} bits in use"
