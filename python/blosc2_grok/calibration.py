# SPDX-License-Identifier: BSD-3-Clause
"""From a ratio for a whole array to one target for every block, by trying a few."""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .coder import choose_mode, told_params
from .errors import Error
from .guard import check_not_collapsed
from .params import Params
from .partition import LEAST_BLOCK_BYTES, pick_blocks, pick_chunks, resolve_roles
from .sampling import Grid, Sample, ratio_of_trials

__all__ = ["Sample", "calibrate", "correct_target", "find_depth", "find_target"]

MOST_TRIALS = 10


def find_depth(source: Any, grid: Grid) -> Optional[int]:
    """The most bits that a sample of the array needs; None for dtypes whose depth is found block by block."""
    if grid.dtype.kind not in "ui" or grid.dtype.itemsize > 2 or math.prod(grid.shape) == 0:
        return None
    least = greatest = 0
    for image in Sample(source, grid, everything=True).images():
        least, greatest = min(least, int(image.min())), max(greatest, int(image.max()))
    if grid.dtype.kind == "u":
        return max(greatest.bit_length(), 1)
    return max(greatest.bit_length(), (-least - 1).bit_length() if least < 0 else 0) + 1


def find_target(sample: Sample, parameters: Mapping[str, Any], ratio: float, tolerance: float) -> Optional[float]:
    """The rmse at which the sampled blocks together reach the ratio; None when they do without any loss.

    :raises Error: no rmse reaches it.
    """
    if not sample.positions:
        return None
    target = _first_target(sample, parameters, ratio)
    if target is None:
        return None
    low: Optional[Tuple[float, float]] = None  # (log of rmse, log of ratio) below the ratio asked for
    high: Optional[Tuple[float, float]] = None
    best = (math.inf, target)
    wanted = math.log(ratio)
    for _ in range(MOST_TRIALS):
        reached = math.log(ratio_of_trials(sample.try_parameters({**parameters, "rmse": target})))
        best = min(best, (abs(reached - wanted), target))
        if best[0] <= tolerance:
            break
        here = (math.log(target), reached)
        if reached < wanted:
            low = here if low is None or here[0] > low[0] else low
        else:
            high = here if high is None or here[0] < high[0] else high
        following = _next_target(sample, here, wanted, low, high)
        if following is None or abs(following - here[0]) < 1e-4:
            break
        target = math.exp(following)
    if best[0] > 0.3 and high is None:
        smallest = math.exp(wanted - best[0])
        raise Error(f"ratio={ratio:g} can't be met: sampled blocks of {sample.grid.blocks} reach {smallest:.3g}")
    return best[1]


def _first_target(sample: Sample, parameters: Mapping[str, Any], ratio: float) -> Optional[float]:
    """The rmse that a few blocks have at this rate each; None when all blocks reach it without loss."""
    rates = {**parameters, "quality_mode": "rates", "quality_layers": [ratio]}
    trials = sample.try_parameters(rates, most_blocks=4)
    weight = sum(trial.raw_bytes for trial in trials)
    mse = sum(trial.mse * trial.raw_bytes for trial in trials) / max(weight, 1)
    if mse < 0.5 or ratio < 4:
        if ratio_of_trials(sample.try_parameters(parameters)) >= ratio:
            return None
    return math.sqrt(mse) if mse > 0 else _smallest_step(sample)


def _smallest_step(sample: Sample) -> float:
    if sample.grid.dtype.kind in "uib":
        return 0.25
    spread = max((float(np.nanmax(np.abs(image))) for image in sample.images() if image.size), default=1.0)
    return spread * 1e-6 if math.isfinite(spread) and spread > 0 else 1e-6


def _next_target(
    sample: Sample,
    here: Tuple[float, float],
    wanted: float,
    low: Optional[Tuple[float, float]],
    high: Optional[Tuple[float, float]],
) -> Optional[float]:
    """Log of the next rmse: on the line between the nearest points on both sides, else along the slope."""
    if low is not None and high is not None:
        if high[0] - low[0] < 1e-4:
            return None
        sample.slope = min(max((high[1] - low[1]) / (high[0] - low[0]), 0.1), 2.0)
        part = (wanted - low[1]) / (high[1] - low[1])
        return low[0] + min(max(part, 0.1), 0.9) * (high[0] - low[0])
    return here[0] + min(max(1.1 * (wanted - here[1]) / sample.slope, -3.0), 3.0)


def correct_target(sample: Sample, target: float, ratio: float, got: float) -> float:
    """Where the whole array turned out unlike the sampled blocks."""
    return float(target * (ratio / got) ** (1 / sample.slope))


def calibrate(
    sample: Any,
    ratio: float = 8,
    *,
    cap: Optional[int] = None,
    coder: str = "auto",
    params: Union[Params, Mapping[str, Any], None] = None,
    chunks: Optional[Sequence[int]] = None,
    blocks: Optional[Sequence[int]] = None,
) -> Params:
    """Parameters for images that are still to come: those at which ``sample`` reaches the ratio.

    For live acquisition and other sources that are read once: later images have the same quality, and a ratio like the
    sample's as far as they are alike. Give them to ``asarray`` or ``meta``, with the same blocks.

    :param sample: frames as they will be stored, darks and flats among them if those will be; any shape and dtype that
        ``asarray`` takes.
    :param ratio: bytes of the samples over bytes stored, above 1.
    :param cap: bytes that no block's codestream may exceed, whatever its quality then: a hard limit for the line.
    :param coder: as in ``asarray``.
    :param params: other parameters, without a quality.
    :param chunks: as in ``asarray``.
    :param blocks: as in ``asarray``.
    :returns: parameters with the ``rmse`` found, in the samples' own units; without one where the sample reaches the
        ratio losslessly.
    :raises Error: no ``rmse`` reaches the ratio, or a block could not be coded.
    :raises ValueError: a parameter is wrong, or nothing would be left of the sample.

    ```python
    >>> import blosc2_grok, numpy
    >>> frames = numpy.random.default_rng(0).poisson(300, (8, 256, 256)).astype("u2")
    >>> params = blosc2_grok.calibrate(frames[:2], ratio=4)
    >>> array = blosc2_grok.asarray(frames, params=params, blocks=(1, 256, 256))
    >>> bool(3.8 < array.schunk.cratio < 4.2)
    True

    ```
    """
    samples = np.asarray(sample)
    given = told_params(params)
    given["mode"] = choose_mode(coder, given, Params(**given))
    element_bytes = samples.dtype.itemsize // (2 if samples.dtype.kind == "c" else 1)
    roles = resolve_roles(samples.shape, given.get("layout"), element_bytes)
    part = tuple(blocks) if blocks is not None else pick_blocks(samples.shape, roles, samples.dtype.itemsize)
    whole = tuple(chunks) if chunks is not None else pick_chunks(samples.shape, part, roles, samples.dtype.itemsize)
    drawn = Sample(samples, Grid(samples.shape, samples.dtype, whole, part))
    target = find_target(drawn, given, ratio, tolerance=0.01)
    found: Dict[str, Any] = {**given, "rmse": target}
    if cap is not None:
        found["max_cs_size"] = int(cap)
    if not isinstance(params, Params) and math.prod(part) * samples.dtype.itemsize < LEAST_BLOCK_BYTES:
        found.setdefault("cod_format", "GRK_FMT_J2K")
    check_not_collapsed(drawn, found)
    return Params(**found)
