# SPDX-License-Identifier: BSD-3-Clause
"""Whether what came back is right, and how good it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from compare.failures import PeerFailed


class WrongData(PeerFailed):
    """What came back isn't what was promised."""


@dataclass(frozen=True)
class Loss:
    """In counts; the peak of the PSNR is 2^bits - 1 of the dtype."""

    psnr: float
    rmse: float
    max_error: float


def loss_of(original: np.ndarray, decoded: np.ndarray) -> Loss:
    error = decoded.astype(np.float64) - original
    rmse = math.sqrt(float(np.mean(error**2)))
    peak = 2.0 ** (8 * original.dtype.itemsize) - 1
    return Loss(20 * math.log10(peak / rmse) if rmse else math.inf, rmse, float(np.abs(error).max()))


def check_form(original: np.ndarray, decoded: np.ndarray) -> None:
    if decoded.shape != original.shape or decoded.dtype != original.dtype:
        raise WrongData(f"wrong data: {decoded.dtype} {decoded.shape} for {original.dtype} {original.shape}")


def check_lossless(original: np.ndarray, decoded: np.ndarray) -> None:
    check_form(original, decoded)
    wrong = float(np.mean(decoded != original))
    if wrong:
        raise WrongData(f"wrong data: {100 * wrong:.2g} % of samples")


def check_bound(original: np.ndarray, decoded: np.ndarray, max_error: float) -> None:
    check_form(original, decoded)
    found = loss_of(original, decoded).max_error
    if found > max_error:
        raise WrongData(f"breaks its bound: error {found:g} where {max_error:g} was the most")


def ssim_of(original: np.ndarray, decoded: np.ndarray) -> float:
    """Gaussian window of sigma 1.5; the range is the original's; mean of the frames for a stack, four at most."""
    from skimage.metrics import structural_similarity

    span = float(original.max()) - float(original.min()) or 1.0
    is_color = original.ndim == 3 and original.shape[-1] in (3, 4)
    if original.ndim > 2 and not is_color:
        frames = zip(*(stack.reshape(-1, *stack.shape[-2:])[:4] for stack in (original, decoded)))
        return float(np.mean([ssim_of(*pair) for pair in frames]))
    return float(structural_similarity(original, decoded, data_range=span, gaussian_weights=True, sigma=1.5,
                                       use_sample_covariance=False, channel_axis=-1 if is_color else None))  # fmt: skip
