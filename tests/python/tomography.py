# SPDX-License-Identifier: BSD-3-Clause
"""A seeded tomographic measurement: counts of a detector in, slices out. What a loss does shows in both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict

import numpy as np
from numpy.typing import NDArray
from skimage.transform import iradon, radon

Image = NDArray[Any]

GAIN = 2.0  # counts per quantum
READ_NOISE = 6.0  # counts
DARK_LEVEL = 400.0  # counts
BEAM = 12_000.0  # counts of the open beam above the dark level
ABSORPTION = 1.6  # of the longest ray


@dataclass(frozen=True)
class Scan:
    """Frames are (rows, columns): rows along the axis of rotation, so a row of all projections makes a slice."""

    truth: Image  # (rows, side, side), absorption per sample
    angles: Image  # degrees
    projections: Image  # (angles, rows, columns) uint16
    flats: Image
    darks: Image
    sigma: Image  # of the noise of each projected sample, counts

    def reconstruct(self, projections: Image) -> Image:
        """Slices by filtered back-projection, after dark and flat correction, as one would do it."""
        dark = np.median(self.darks, axis=0)
        flat = np.maximum(self.flats.mean(axis=0) - dark, 1)
        lines = -np.log(np.maximum(projections - dark, 1) / flat)
        lines -= np.median(lines[:, :, :2], axis=2, keepdims=True)  # the beam drifts
        return np.stack([iradon(lines[:, row].T, theta=self.angles, circle=True) for row in range(lines.shape[1])])

    def slice_error(self, projections: Image) -> float:
        """Root mean square against the truth, of the samples inside the circle."""
        side = self.truth.shape[1]
        inside = np.hypot(*(np.mgrid[0:side, 0:side] / (side - 1) - 0.5)) < 0.48
        return float(np.sqrt(np.mean((self.reconstruct(projections) - self.truth)[:, inside] ** 2)))

    @cached_property
    def raw_slice_error(self) -> float:
        return self.slice_error(self.projections)


def phantom(rows: int, side: int) -> Image:
    """A round body with cavities and dense grains that change from slice to slice."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1) * 2 - 1
    slices = []
    for row in range(rows):
        t = row / max(rows - 1, 1)
        body = (x**2 + y**2 < 0.72**2).astype(np.float64)
        body[(x - 0.2) ** 2 + (y + 0.1 * t) ** 2 < 0.2**2] = 0.3
        body[(x + 0.35) ** 2 + (y - 0.2) ** 2 < (0.05 + 0.08 * t) ** 2] = 2.2
        body[np.abs(x + y * 0.5 - 0.1 * t) + np.abs(y - 0.45) < 0.09] = 1.6
        slices.append(body)
    return np.asarray(slices) * ABSORPTION / (0.72 * side)


def measure(rows: int = 24, side: int = 128, angles: int = 90, seed: int = 5, open_beam: float = BEAM) -> Scan:
    """Projections with Poisson and read noise; uneven flats, darks, hot pixels, and a beam that drifts."""
    rng = np.random.default_rng(seed)
    truth = phantom(rows, side)
    degrees = np.linspace(0, 180, angles, endpoint=False)
    paths = np.stack([radon(image, theta=degrees, circle=True) for image in truth], axis=1)  # columns, rows, angles
    paths = np.moveaxis(paths, 2, 0).transpose(0, 2, 1)  # angles, rows, columns
    sensitivity = 1 + 0.03 * rng.standard_normal((rows, side))
    profile = 1 - 0.2 * np.linspace(-1, 1, side) ** 2
    drift = 1 + 0.04 * np.sin(np.arange(angles) / angles * 5)[:, None, None]
    beam = open_beam * sensitivity * profile
    hot = rng.random((rows, side)) < 0.001

    def expose(signal: Image) -> Image:
        counts = GAIN * rng.poisson(signal / GAIN) + DARK_LEVEL + READ_NOISE * rng.standard_normal(signal.shape)
        counts[..., hot] = 65535
        return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)

    signal = beam * drift * np.exp(-paths)
    sigma = np.sqrt(GAIN * signal + READ_NOISE**2)
    flats = expose(np.broadcast_to(beam, (10, rows, side)))
    return Scan(truth, degrees, expose(signal), flats, expose(np.zeros((10, rows, side))), sigma)


def compare(scan: Scan, decoded: Image) -> Dict[str, float]:
    """Errors of the projections in sigma of their noise, and of the slices against the truth beside those of the raw
    data."""
    error = (decoded.astype(np.float64) - scan.projections) / scan.sigma
    return {
        "rmse_sigma": float(np.sqrt(np.mean(error**2))),
        "max_sigma": float(np.abs(error).max()),
        "slice_raw": scan.raw_slice_error,
        "slice_ratio": scan.slice_error(decoded) / scan.raw_slice_error,
    }
