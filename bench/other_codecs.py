# SPDX-License-Identifier: BSD-3-Clause
"""Ratio and speed beside Blosc2's own codecs, lossless, one thread: the tables of docs/when-not.md.

    python bench/other_codecs.py [--turns 5]     needs scikit-image, pydicom and pydicom_data; prints Markdown

Speeds are MB/s of one thread's CPU time, in / out, the best of the turns, taken in turn.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import blosc2
import numpy as np
from numpy.typing import NDArray

import blosc2_grok

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("demo", "tests/python")]
import images as demo_images  # noqa: E402, I001
import tomography  # noqa: E402

Image = NDArray[Any]
Setting = Dict[str, Any]  # keywords for blosc2.asarray


def diffraction(frames: int = 4, rows: int = 1030, columns: int = 1065) -> Image:
    """A photon-counting detector behind a crystal: mostly 0, 1 and 2 quanta, rings, some reflections, a gap."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:rows, 0:columns]
    radius = np.hypot(y - rows * 0.48, x - columns * 0.52)
    background = 1.2 * np.exp(-radius / 300) + 0.05
    for ring in (150, 230, 310, 420):
        background += 0.8 * np.exp(-(((radius - ring) / 4) ** 2))
    stack = []
    for _ in range(frames):
        expected = background.copy()
        for _ in range(120):
            row, column = rng.integers(8, rows - 8), rng.integers(8, columns - 8)
            spot = np.exp(-(np.hypot(*(np.mgrid[-6:7, -6:7])) ** 2) / 3)
            expected[row - 6 : row + 7, column - 6 : column + 7] += rng.exponential(300) * spot
        counts = rng.poisson(expected)
        counts[510:520] = 65535  # between two modules
        stack.append(counts)
    return np.asarray(stack).astype(np.uint16)


def sources() -> Dict[str, Image]:
    scan = tomography.measure(rows=16, side=256, angles=180)
    slices = scan.reconstruct(scan.projections).astype(np.float32)
    labels = np.digitize(tomography.phantom(16, 512), np.linspace(0, tomography.phantom(2, 512).max(), 4))
    counted = diffraction()
    return {
        "photon-counting diffraction, uint16": counted,
        "the same, uint32": np.where(counted == 65535, 2**32 - 1, counted).astype(np.uint32),
        "reconstructed slices, float32": slices,
        "labels of a segmentation, uint8": labels.astype(np.uint8),
        "projections of a tomography, uint16": scan.projections,
        "radiograph, 15 bits in uint16": demo_images.radiograph(),
        "CT slice, int16": demo_images.ct_slice(),
    }


def settings(image: Image) -> Dict[str, Setting]:
    """One layout for all: that which blosc2_grok.asarray chooses."""
    found: Dict[str, Setting] = {}
    for name, coder in (("JPEG 2000", "part1"), ("HT", "ht")):
        planned = blosc2_grok.asarray(image, coder=coder)
        place = {"chunks": planned.chunks, "blocks": planned.blocks}
        found[name] = {**place, "cparams": blosc2_grok.cparams(), "meta": blosc2_grok.like(planned)["meta"]}
    for name, codec, level in (
        ("bitshuffle + zstd 5", blosc2.Codec.ZSTD, 5),
        ("bitshuffle + LZ4", blosc2.Codec.LZ4, 5),
    ):
        found[name] = {**place, "cparams": {"codec": codec, "clevel": level, "filters": [blosc2.Filter.BITSHUFFLE]}}
    return found


def measure_once(image: Image, setting: Setting) -> Tuple[float, float, float]:
    """Ratio, and MB/s in and out."""
    options = {**setting, "cparams": {**setting["cparams"], "nthreads": 1}}
    start = time.thread_time()
    array = blosc2.asarray(image, dparams={"nthreads": 1}, **options)
    middle = time.thread_time()
    decoded = array[:]
    end = time.thread_time()
    if not np.array_equal(decoded, image, equal_nan=image.dtype.kind == "f"):
        raise AssertionError("not lossless")
    megabytes = image.nbytes / 1e6
    return image.nbytes / array.schunk.cbytes, megabytes / (middle - start), megabytes / (end - middle)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    turns = parser.parse_args().turns
    for number, (name, image) in enumerate(sources().items()):
        choices = settings(image)
        runs: Dict[str, List[Tuple[float, float, float]]] = {choice: [] for choice in choices}
        for _ in range(turns):
            for choice, setting in choices.items():
                runs[choice].append(measure_once(image, setting))
        if number == 0:
            print("| data | " + " | ".join(choices) + " |")
            print("| --- |" + " --- |" * len(choices))
        cells = []
        for choice in choices:
            ratio, speed_in, speed_out = (max(column) for column in zip(*runs[choice]))
            cells.append(f"{ratio:.2f} ({speed_in:.0f} / {speed_out:.0f})")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
