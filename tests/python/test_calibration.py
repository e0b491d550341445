# SPDX-License-Identifier: BSD-3-Clause
"""Quality for a whole array: a ratio, a part of the noise; on a seeded tomographic scan and other arrays."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import asarray, calibrate, params_of
from blosc2_grok.arrays import ratio_of
from blosc2_grok.guard import _Spread
from blosc2_grok.noise import estimate_noise

tomography = pytest.importorskip("tomography")  # needs scikit-image


@pytest.fixture(scope="module")
def scan() -> Any:
    return tomography.measure()


def test_the_scan_is_the_same_everywhere(scan: Any) -> None:
    assert scan.projections.shape == (90, 24, 128)
    assert 4000 < np.median(scan.projections) < 4300
    assert (scan.projections == 65535).mean() == pytest.approx(0.001, abs=0.001)
    raw = tomography.compare(scan, scan.projections)
    assert raw["rmse_sigma"] == 0 and raw["slice_ratio"] == 1
    # Reconstruction works: its error is a small part of the absorption.
    assert raw["slice_raw"] < 0.25 * scan.truth.max()


SETTINGS: Dict[str, Any] = {
    # setting: (rmse in sigma at most, error of the slices against that of the raw data at most, ratio at least)
    "lossless": ({}, 0, 1, 1.4),
    "noise=0.1": ({"noise": 0.1}, 0.12, 1.005, 2.4),
    "noise=0.25": ({"noise": 0.25}, 0.27, 1.015, 3.2),
    "noise=0.5": ({"noise": 0.5}, 0.54, 1.04, 4.0),
    "noise, told": (
        {"noise": {"gain": tomography.GAIN, "read_noise": tomography.READ_NOISE, "offset": tomography.DARK_LEVEL}},
        0.26,
        1.015,
        3.2,
    ),
    "max_error=20": ({"max_error": 20}, 0.2, 1.01, 2.8),
    "ratio=4": ({"ratio": 4}, 0.5, 1.04, 3.8),
    "ratio=8": ({"ratio": 8}, 1.5, 1.12, 7.6),
}


@pytest.mark.parametrize("coder, part", [("part1", 1), ("ht", 0.95)])  # and which part of the ratios is reached
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_loss_in_projections_and_slices(scan: Any, setting: str, coder: str, part: float) -> None:
    keywords, most_sigma, most_slices, least_ratio = SETTINGS[setting]
    array = asarray(scan.projections, coder=coder, **keywords)
    found = tomography.compare(scan, array[:])
    print(f"{setting}: ratio {ratio_of(array):.2f}, {found}")
    assert found["rmse_sigma"] <= most_sigma
    assert found["slice_ratio"] <= most_slices
    assert ratio_of(array) >= part * least_ratio


def test_noise_is_estimated_within_a_sixth(scan: Any) -> None:
    for number in range(0, 80, 10):
        estimated = estimate_noise(scan.projections[number], scan.projections[number + 1])
        assert estimated == pytest.approx(np.median(scan.sigma[number]), rel=0.17)


@pytest.mark.parametrize("sigma", [0.6, 5, 200])
def test_noise_of_a_single_image(sigma: float) -> None:
    rng = np.random.default_rng(3)
    smooth = images.smooth(200, 300, 60, 1).astype(float) / 8
    image = np.rint(smooth + sigma * rng.standard_normal(smooth.shape))
    image[::20, ::20] = 60_000  # hot pixels
    assert estimate_noise(image) == pytest.approx(sigma, rel=0.25 if sigma < 1 else 0.1)
    assert estimate_noise(image[0]) == pytest.approx(sigma, rel=0.4)
    assert estimate_noise(np.ones((50, 50))) == 0
    assert estimate_noise(np.full((9, 9), np.nan)) == 0


def test_no_noise_is_an_error() -> None:
    with pytest.raises(ValueError, match="none was found"):
        asarray(np.ones((100, 100), "u2"), noise=0.25)
    assert params_of(asarray(images.make("xray", "uint16", (100, 100)), noise={"sigma": 8, "factor": 0.5})).rmse == 4


ARRAYS: Dict[str, Any] = {
    "radiograph": ("xray", "uint16", (700, 900), {}),
    "stack": ("xray", "uint16", (40, 100, 120), {}),
    "small-blocks": ("xray", "uint16", (500, 500), {"blocks": (96, 96)}),
    "photo": ("photo", "uint8", (600, 500, 3), {}),
    "ct": ("ct", "int16", (3, 256, 256), {}),
}


@pytest.mark.parametrize("scope, tolerance", [("sampled", 0.05), ("all", 0.02)])
@pytest.mark.parametrize("ratio", [4, 8, 20])
@pytest.mark.parametrize("name", ARRAYS)
def test_ratio(name: str, ratio: float, scope: str, tolerance: float) -> None:
    kind, dtype, shape, cut = ARRAYS[name]
    image = images.make(kind, dtype, shape)
    array = asarray(image, ratio=ratio, calibrate=scope, **cut)
    got = ratio_of(array)
    noted = array.schunk.vlmeta["grok_ratio"]
    assert noted == {"asked": ratio, "got": pytest.approx(got, rel=1e-9)}
    if params_of(array).rmse is None:
        assert got >= ratio and np.array_equal(array[:], image)
    else:
        assert got == pytest.approx(ratio, rel=tolerance)


def test_ratio_of_unlike_parts() -> None:
    """Half of the array is noise: the sampled blocks must stand for both."""
    image = images.make("xray", "uint16", (64, 96, 96))
    image[20:40] = images.make("noise", "uint16", (20, 96, 96)) >> 2
    array = asarray(image, ratio=6)
    assert ratio_of(array) == pytest.approx(6, rel=0.05)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "c8"])
def test_ratio_of_wide_samples(dtype: str) -> None:
    image = (images.make("xray", "uint16", (300, 400)) / 7).astype(dtype)
    array = asarray(image, ratio=10)
    assert ratio_of(array) == pytest.approx(10, rel=0.05)


def test_one_target_is_even_where_rates_are_not() -> None:
    """At the same bytes, a rate for each block leaves the difficult ones worse."""
    easy = images.make("photo", "uint16", (256, 256)) >> 4
    hard = images.make("noise", "uint16", (256, 256)) >> 4
    image = np.concatenate([easy, hard], axis=1)
    by_target = asarray(image, ratio=6, blocks=(128, 128))
    by_rate = asarray(image, params={"quality_mode": "rates", "quality_layers": [6]}, blocks=(128, 128))

    def spread(array: Any) -> float:
        error = (array[:].astype(float) - image) ** 2
        of_blocks = [np.sqrt(error[r : r + 128, c : c + 128].mean()) for r in (0, 128) for c in range(0, 512, 128)]
        return float(max(of_blocks) / min(of_blocks))

    assert spread(by_target) < 1.3 < spread(by_rate)


def test_a_ratio_that_lossless_meets_is_lossless() -> None:
    image = images.make("ct", "int16", (256, 256))
    array = asarray(image, ratio=1.5)
    assert np.array_equal(array[:], image) and ratio_of(array) > 1.5
    assert array.schunk.vlmeta["grok_ratio"]["asked"] == 1.5


def test_a_ratio_that_cannot_be_met_is_refused() -> None:
    with pytest.raises((blosc2_grok.Error, ValueError), match=r"can't be met|nothing would be left"):
        asarray(images.make("noise", "uint16", (64, 64)), ratio=500, blocks=(32, 32))


def test_calibrate_for_frames_to_come(scan: Any) -> None:
    params = calibrate(scan.projections[:10], ratio=6)
    assert params.rmse is not None
    array = asarray(scan.projections[10:], params=params)
    assert ratio_of(array) == pytest.approx(6, rel=0.1)
    assert params_of(array).rmse == params.rmse


def test_a_cap_holds_for_every_frame(scan: Any) -> None:
    frames = scan.projections.copy()
    frames[5] = images.make("noise", "uint16", (24, 128)) >> 1  # something that was not in the sample
    params = calibrate(frames[6:20], ratio=4, cap=2000, blocks=(1, 24, 128))
    with pytest.warns(UserWarning, match="cap of 2000"):
        array = asarray(frames, params=params, blocks=(1, 24, 128))
    sizes = [len(block.data) for block in blosc2_grok.codestreams(array)]
    assert max(sizes) <= 2000 and sorted(sizes)[len(sizes) // 2] < 1900


def test_the_rmse_stays_when_the_array_is_updated(scan: Any) -> None:
    array = asarray(scan.projections, ratio=6)
    rmse = params_of(array).rmse
    assert rmse is not None
    array[:10] = scan.projections[10:20]
    error = array[:10].astype(float) - scan.projections[10:20]
    assert np.sqrt((error**2).mean()) <= 1.05 * rmse


def test_the_spread_of_parts_is_that_of_the_whole() -> None:
    values = 1e6 + np.random.default_rng(3).normal(0, 2.0, 10_001)
    spread = _Spread()
    for part in np.split(values, [1, 17, 17, 6000]):
        spread.add(part)
    assert spread.count == values.size and (spread.low, spread.high) == (values.min(), values.max())
    assert spread.squares / spread.count == pytest.approx(values.var(), rel=1e-9)
