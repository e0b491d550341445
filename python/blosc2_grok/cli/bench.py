# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok bench``: a handful of settings on the user's own images, and which of them to take."""

from __future__ import annotations

import itertools
import json
import math
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from ..errors import Error
from .options import jobs_option, thread_count
from .progress import Meter

MOST_BYTES = 64 * 1000 * 1000
SIDE = 2048
"""Larger images are cut to their middle."""
ENOUGH_OF_ZSTD = 0.95
"""Part of our ratio at which a lossless general compressor, several times as fast, is the better choice."""

SAFE_SIGMA = 0.25
"""Rms error, in sigma of the noise, up to which a loss is recommended."""

_EPILOG = """\b
Examples:
  blosc2-grok bench raw.h5::/entry/data
  blosc2-grok bench scan.tif --ratio 4 --ratio 10 --plot choice.png"""


@dataclass(frozen=True)
class Setting:
    """What is tried."""

    name: str
    options: Optional[Dict[str, Any]]
    """For ``compress``; None: bitshuffle and zstd, to compare with."""


@dataclass(frozen=True)
class Outcome:
    """What came of a setting; errors in units of the samples, speeds in MB/s (10^6 bytes of samples)."""

    name: str
    ratio: float
    compress_mb_s: float
    decompress_mb_s: float
    rmse: float
    rmse_sigma: Optional[float]
    max_error: float
    psnr: float
    ssim: Optional[float]


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="FILE")
@click.option("--images", "count", type=click.IntRange(1), default=4, show_default=True, help="Images to try.")
@click.option("--ratio", "ratios", type=float, multiple=True, default=(4.0, 8.0), show_default=True)
@click.option("--noise", "noises", type=float, multiple=True, default=(0.25, 0.5), show_default=True)
@click.option("--plot", help="Also draw ratio against quality and speed into this file (.png, .svg, .pdf).")
@click.option("--overwrite", is_flag=True, help="Replace the plot if it exists.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@jobs_option
def bench(
    source: str,
    count: int,
    ratios: Sequence[float],
    noises: Sequence[float],
    plot: Optional[str],
    overwrite: bool,
    as_json: bool,
    jobs: Optional[int],
) -> None:
    """Tries settings on images of FILE, in memory, and recommends one.

    Speeds are those of this machine at this moment, from one run of each.
    """
    from ..files import open_stack

    threads = thread_count(jobs)
    if plot is not None:
        _need_matplotlib()
    with open_stack(source) as stack:
        sample, told = take_sample(stack, count)
    settings = list_settings(ratios, noises)
    outcomes, failures = [], []
    with Meter("bench", quiet=as_json, shows_ratio=False) as meter:
        for number, setting in enumerate(settings):
            try:
                outcomes.append(try_setting(setting, sample, threads))
            except (Error, ValueError) as error:
                failures.append(f"{setting.name}: {error}")
            meter((number + 1) * sample.nbytes, 0, len(settings) * sample.nbytes)
    advice = recommend(outcomes)
    if as_json:
        report = {"sample": told, "outcomes": [asdict(one) for one in outcomes], "failed": failures, "advice": advice}
        click.echo(json.dumps(report, indent=2))
    else:
        _show(told, outcomes, failures, advice, threads)
    if plot is not None:
        draw(outcomes, plot, source, overwrite)


def take_sample(stack: Any, count: int) -> Tuple[NDArray[Any], str]:
    """Images spread evenly over a stack, their middle where they are large; and words for them."""
    lead = stack.stack_shape()
    total = math.prod(lead)
    if stack.nbytes == 0 or len(stack.image_shape()) < 2:
        raise Error(f"{stack.name} of shape {stack.shape} has no images to try")
    sides = stack.image_shape()[:2]
    middle = tuple(slice((n - min(n, SIDE)) // 2, (n - min(n, SIDE)) // 2 + min(n, SIDE)) for n in sides)
    image_bytes = math.prod(min(n, SIDE) for n in sides) * math.prod(stack.image_shape()[2:]) * stack.dtype.itemsize
    wanted = max(min(count, total, MOST_BYTES // image_bytes), 1)
    numbers = np.linspace(0, total - 1, wanted).round().astype(int)
    places = [tuple(int(n) for n in np.unravel_index(number, lead)) if lead else () for number in numbers]
    keys = [(*place, *middle) for place in places]
    images = np.stack([stack[key] for key in keys])
    size = " x ".join(str(n) for n in images.shape[1:])
    return images, f"{wanted} of {total} images, {size} {stack.dtype} of each {' x '.join(map(str, sides))}"


def list_settings(ratios: Sequence[float], noises: Sequence[float]) -> List[Setting]:
    settings = [
        Setting("bitshuffle + zstd", None),
        Setting("--coder part1", {"coder": "part1"}),
        Setting("--coder ht", {"coder": "ht"}),
    ]
    settings += [Setting(f"--noise {noise:g}", {"noise": noise}) for noise in noises]
    for ratio in ratios:
        settings.append(Setting(f"--ratio {ratio:g}", {"ratio": ratio}))
        settings.append(Setting(f"--ratio {ratio:g} --coder part1", {"ratio": ratio, "coder": "part1"}))
    return settings


def try_setting(setting: Setting, sample: NDArray[Any], threads: int) -> Outcome:
    """Stores the sample in memory, reads it back, and measures both.

    :raises Error: it can't be stored so, as where no noise is found.
    """
    compress = _by_zstd if setting.options is None else _by_grok(setting.options)
    seconds, array = _timed(lambda: compress(sample, threads))
    back_seconds, decoded = _timed(lambda: array[...])
    return _measure(setting.name, sample, decoded, seconds, back_seconds, sample.nbytes / array.schunk.cbytes)


def _timed(function: Callable[[], Any]) -> Tuple[float, Any]:
    began = time.perf_counter()
    result = function()
    return max(time.perf_counter() - began, 1e-9), result


def _by_zstd(sample: NDArray[Any], threads: int) -> Any:
    import blosc2

    cparams = {"codec": blosc2.Codec.ZSTD, "clevel": 5, "filters": [blosc2.Filter.BITSHUFFLE], "nthreads": threads}
    return blosc2.asarray(sample, chunks=(1, *sample.shape[1:]), cparams=cparams, dparams={"nthreads": threads})


def _by_grok(options: Dict[str, Any]) -> Callable[[NDArray[Any], int], Any]:
    def compress(sample: NDArray[Any], threads: int) -> Any:
        import warnings

        from ..arrays import asarray

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the table tells the ratio that was got
            chunks = (1, *sample.shape[1:])
            cparams = {"nthreads": threads}
            return asarray(sample, chunks=chunks, cparams=cparams, dparams={"nthreads": threads}, **options)

    return compress


def _measure(
    name: str, sample: NDArray[Any], decoded: NDArray[Any], seconds: float, back_seconds: float, ratio: float
) -> Outcome:
    from ..files.metrics import compare_images, peak_of

    peak = peak_of(sample.dtype, None)
    images = [compare_images((n,), sample[n], decoded[n], peak=peak) for n in range(len(sample))]
    sigmas = [one.rmse_sigma for one in images if one.rmse_sigma is not None]
    ssims = [one.ssim for one in images if one.ssim is not None]
    megabytes = sample.nbytes / 1e6
    return Outcome(
        name,
        ratio,
        megabytes / seconds,
        megabytes / back_seconds,
        math.sqrt(sum(one.rmse**2 for one in images) / len(images)),
        max(sigmas, default=None),
        max(one.max_error for one in images),
        min(one.psnr for one in images),
        min(ssims, default=None),
    )


def recommend(outcomes: Sequence[Outcome]) -> List[str]:
    """Sentences: the lossless choice, and the smallest setting whose loss stays below a quarter of the noise."""
    ours = [one for one in outcomes if one.max_error == 0 and one.name.startswith("--coder")]
    other = next((one for one in outcomes if one.name.startswith("bitshuffle")), None)
    advice: List[str] = []
    if ours:
        smallest = max(ours, key=lambda one: one.ratio)
        fast = max((one for one in ours if one.ratio >= 0.93 * smallest.ratio), key=lambda one: one.compress_mb_s)
        if other is not None and other.ratio >= ENOUGH_OF_ZSTD * smallest.ratio:
            advice.append(
                f"Lossless: bitshuffle + zstd reaches {other.ratio:.2f} against {smallest.ratio:.2f} here; JPEG 2000 "
                "is not worth its time for these images."
            )
        else:
            advice.append(f"Lossless: {fast.name}, ratio {fast.ratio:.2f} at {fast.compress_mb_s:.0f} MB/s.")
    safe = [
        one
        for one in outcomes
        if one.max_error > 0 and one.rmse_sigma is not None and one.rmse_sigma <= 1.04 * SAFE_SIGMA
    ]
    best_lossless = max((one.ratio for one in outcomes if one.max_error == 0), default=1.0)
    safe = [one for one in safe if one.ratio > 1.05 * best_lossless]
    if safe:
        best = max(safe, key=lambda one: one.ratio)
        advice.append(
            f"With loss: {best.name}, ratio {best.ratio:.2f}: its rmse is {best.rmse_sigma:.2g} of the noise's sigma."
        )
    elif any(one.max_error > 0 for one in outcomes):
        advice.append("With loss: nothing tried is smaller and stays below a quarter of the noise; decide by the use.")
    return advice


def _show(told: str, outcomes: List[Outcome], failures: List[str], advice: List[str], threads: int) -> None:
    table = Table(title=f"{told}; {threads} threads", title_justify="left")
    for name in ("setting", "ratio", "in MB/s", "out MB/s", "rmse", "in sigma", "max", "PSNR dB", "SSIM"):
        table.add_column(name, justify="left" if name == "setting" else "right")
    for one in outcomes:
        table.add_row(
            one.name,
            f"{one.ratio:.2f}",
            f"{one.compress_mb_s:.0f}",
            f"{one.decompress_mb_s:.0f}",
            f"{one.rmse:.4g}",
            "-" if one.rmse_sigma is None else f"{one.rmse_sigma:.3g}",
            f"{one.max_error:g}",
            f"{one.psnr:.2f}",
            "-" if one.ssim is None else f"{one.ssim:.5f}",
        )
    Console(width=None if Console().is_terminal else 120).print(table)
    for failure in failures:
        click.echo(f"not tried: {failure}")
    for sentence in advice:
        click.echo(sentence)


def _need_matplotlib() -> Any:
    from ..files.inputs import need

    matplotlib = need("matplotlib", "plots")
    matplotlib.use("Agg")
    return need("matplotlib.pyplot", "plots")


def draw(outcomes: Sequence[Outcome], path: str, source: str, overwrite: bool) -> None:
    """Two plots over the ratio: error (in sigma, where the noise is known) and speed."""
    from ..files import replacing

    pyplot = _need_matplotlib()
    in_sigma = any(one.rmse_sigma for one in outcomes)
    figure, (quality, speed) = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    if in_sigma:
        quality.axhspan(0, SAFE_SIGMA, color="#d9e8f2", zorder=0, label="a quarter of the noise")
    for one, marker in zip(outcomes, itertools.cycle("osD^vP*Xph")):
        error = one.rmse_sigma if in_sigma and one.rmse_sigma is not None else one.rmse
        quality.plot(one.ratio, error, marker, label=one.name)
        speed.plot(one.ratio, one.compress_mb_s, marker)
    quality.set(xlabel="ratio", ylabel="rmse in sigma of the noise" if in_sigma else "rmse", ylim=(0, None))
    speed.set(xlabel="ratio", ylabel="compression, MB/s", ylim=(0, None))
    for axes in (quality, speed):
        axes.grid(alpha=0.3)
    figure.suptitle(source)
    figure.legend(loc="outside right upper", fontsize=8)
    with replacing(path, overwrite=overwrite) as temporary:
        figure.savefig(temporary, dpi=150)
    pyplot.close(figure)
