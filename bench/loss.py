# SPDX-License-Identifier: BSD-3-Clause
"""What a loss does to data: the tables and figures of docs/index.md.

    python bench/loss.py docs/figures     needs matplotlib, scikit-image, pydicom and pydicom_data

Prints Markdown, and draws loss-projections.svg, loss-slices.svg and loss-images.svg into the folder. Nothing depends on
the machine or on its speed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import matplotlib
import numpy as np
from matplotlib import pyplot
from numpy.typing import NDArray

import blosc2_grok
from blosc2_grok.noise import estimate_noise

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("demo", "tests/python")]
import images as demo_images  # noqa: E402, I001
import tomography  # noqa: E402

Image = NDArray[Any]
Curve = List[Tuple[float, float, float]]  # ratio, rmse in sigma, error of the slices over that of the raw data

BEAMS = (300, 3_000, 12_000, 48_000)  # counts of the open beam; two counts a quantum
NOISES = (0.1, 0.25, 0.5, 1.0)
RATIOS = (3, 4, 6, 8, 12)
PATTERN_RATIOS = (4, 6, 8)
BOUNDS = (2, 5, 10, 20)  # Hounsfield units
KEEP = {"keep": [65535]}  # hot pixels stay as they are
REVERSIBLE = {**KEEP, "irreversible": False}  # and 5/3, cut short, instead of the 9/7 wavelet
SAFE = {"safe in general": (3, 4), "safe at high signal to noise": (6, 8)}  # Marone et al. 2020
matplotlib.rcParams.update({"svg.hashsalt": "blosc2_grok", "font.size": 10, "svg.fonttype": "none"})


def ratio_of(array: Any, samples: Image) -> float:
    return float(samples.nbytes / array.schunk.cbytes)


def store(samples: Image, **quality: Any) -> Tuple[float, Image]:
    """Ratio, and what comes back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a ratio that is missed is shown as it is
        array = blosc2_grok.asarray(samples, **quality)
    return ratio_of(array, samples), np.asarray(array[:])


def loss_of_scan(scan: tomography.Scan, **quality: Any) -> Tuple[float, float, float]:
    ratio, decoded = store(scan.projections, **quality)
    found = tomography.compare(scan, decoded)
    return ratio, found["rmse_sigma"], found["slice_ratio"]


def loss_of_image(image: Image, sigma: float, **quality: Any) -> Tuple[float, float]:
    ratio, decoded = store(image, **quality)
    return ratio, float(np.sqrt(np.mean((decoded.astype(np.float64) - image) ** 2))) / sigma


def draw_safe_ratios(axes: Any) -> None:
    for number, (name, (low, high)) in enumerate(SAFE.items()):
        axes.axvspan(low, high, color=("#9ecae1", "#d9e8f2")[number], label=f"{low} to {high}: {name}", zorder=0)


def finish(figure: Any, axes: Any, path: Path, title: str, ordinate: str) -> None:
    axes.set(xscale="log", xlabel="compression ratio", ylabel=ordinate, title=title, xlim=(1.2, 40))
    axes.set_xticks([1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32], [str(n) for n in (1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32)])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def percent(error: float) -> str:
    return f"{100 * (error - 1):+.1f} %"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for cells in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


def scans(folder: Path) -> None:
    curves: Dict[str, Curve] = {}
    by_noise: List[List[str]] = []
    by_ratio: List[List[str]] = []
    by_way: List[List[str]] = []
    for beam in BEAMS:
        scan = tomography.measure(rows=16, side=256, angles=180, open_beam=beam)
        strength = f"{beam / np.sqrt(tomography.GAIN * beam + tomography.READ_NOISE**2):.0f}"
        lossless, _ = store(scan.projections)
        noises = [loss_of_scan(scan, noise=noise, params=KEEP) for noise in NOISES]
        ratios = [loss_of_scan(scan, ratio=ratio, params=KEEP) for ratio in RATIOS]
        curves[f"signal to noise {strength}"] = sorted(noises + ratios)
        by_noise.append([strength, f"{lossless:.2f}x", *(f"{r:.1f}x, {percent(error)}" for r, _, error in noises)])
        by_ratio.append([strength, *(f"{sigma:.2f} sigma, {percent(error)}" for _, sigma, error in ratios)])
        ways = [{}, {"params": KEEP}, {"params": REVERSIBLE}, {"coder": "part1"}, {"coder": "part1", "params": KEEP}]
        found = [loss_of_scan(scan, noise=0.25, **way) for way in ways]
        by_way.append([strength, *(f"{ratio:.1f}x, {percent(error)}" for ratio, _, error in found)])
    print_table(["signal to noise", "lossless", *(f"noise={noise:g}" for noise in NOISES)], by_noise)
    print_table(["signal to noise", *(f"ratio={ratio}" for ratio in RATIOS)], by_ratio)
    print_table(["signal to noise", "noise=0.25", "keep", "keep, 5/3", "Part 1", "Part 1, keep"], by_way)
    for name, column, title, ordinate in (
        ("loss-projections.svg", 1, "Projections of a simulated tomography", "rmse, in sigma of the noise"),
        ("loss-slices.svg", 2, "Slices reconstructed from them", "error against the truth, 1: as of the raw data"),
    ):
        figure, axes = pyplot.subplots(figsize=(7, 4.2))
        draw_safe_ratios(axes)
        for label, curve in curves.items():
            axes.plot([point[0] for point in curve], [point[column] for point in curve], "o-", ms=3, label=label)
        finish(figure, axes, folder / name, title, ordinate)


def flat_corrected(scan: tomography.Scan) -> Tuple[Image, Image]:
    """Projections as if all pixels were equally sensitive, as counts above 400, and sigma of their noise."""
    dark = np.median(scan.darks, axis=0)
    flat = np.maximum(scan.flats.mean(axis=0) - dark, 1)
    scale = flat.mean() / flat
    counts = np.clip(np.rint((scan.projections - dark) * scale + tomography.DARK_LEVEL), 0, 65535)
    counts[:, scan.flats[0] == 65535] = 65535
    return counts.astype(np.uint16), scan.sigma * scale


def fixed_pattern() -> None:
    """The error at a ratio, of frames as they were measured and after division by the flat."""
    rows: List[List[str]] = []
    for beam in BEAMS:
        scan = tomography.measure(rows=16, side=256, angles=60, open_beam=beam)
        cells: List[str] = []
        for samples, sigma in ((scan.projections, scan.sigma), flat_corrected(scan)):
            for ratio in PATTERN_RATIOS:
                _, decoded = store(samples, ratio=ratio, params=KEEP)
                error = (decoded.astype(np.float64) - samples) / sigma
                cells.append(f"{np.sqrt(np.mean(error[samples < 65535] ** 2)):.2f} sigma")
        rows.append([f"{beam / np.sqrt(tomography.GAIN * beam + tomography.READ_NOISE**2):.0f}", *cells])
    head = [f"{state}, ratio={ratio}" for state in ("raw", "corrected") for ratio in PATTERN_RATIOS]
    print_table(["signal to noise", *head], rows)


def real_images(folder: Path) -> None:
    images = {
        "radiograph, 15 bits": demo_images.radiograph(),
        "CT slice, its middle": demo_images.ct_slice()[128:384, 128:384],
        "MR image, 10 bits": demo_images._dicom("MR2_UNCR.dcm"),
    }
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    draw_safe_ratios(axes)
    rows: List[List[str]] = []
    for name, image in images.items():
        sigma = estimate_noise(image)
        lossless, _ = store(image)
        noises = [loss_of_image(image, sigma, noise=noise) for noise in NOISES]
        ratios = [loss_of_image(image, sigma, ratio=ratio) for ratio in RATIOS if ratio > lossless]
        skipped = ["lossless"] * (len(RATIOS) - len(ratios))
        cells = [f"{ratio:.1f}x" for ratio, _ in noises] + skipped + [f"{error:.2f} sigma" for _, error in ratios]
        rows.append([name, f"{sigma:.1f}", f"{lossless:.2f}x", *cells])
        curve = sorted(noises + ratios)
        axes.plot([point[0] for point in curve], [point[1] for point in curve], "o-", ms=3, label=name)
    named = [f"noise={noise:g}" for noise in NOISES] + [f"ratio={ratio}" for ratio in RATIOS]
    print_table(["image", "noise", "lossless", *named], rows)
    bounded = [loss_of_image(images["CT slice, its middle"], 1, max_error=bound) for bound in BOUNDS]
    cells = [f"{ratio:.1f}x, rmse {error:.1f}" for ratio, error in bounded]
    print_table(["image", *(f"max_error={bound}" for bound in BOUNDS)], [["CT slice, its middle", *cells]])
    finish(figure, axes, folder / "loss-images.svg", "Real images", "rmse, in sigma of the noise")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    scans(folder)
    fixed_pattern()
    real_images(folder)


if __name__ == "__main__":
    main()
