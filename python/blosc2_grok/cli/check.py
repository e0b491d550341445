# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok check``: every image against its source, or every block against its recorded checksums."""

from __future__ import annotations

import json
import math
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Tuple

import click
from rich.console import Console
from rich.table import Table

from ..errors import Error
from ..files.inputs import format_of, need, split_spec
from .options import jobs_option, opened_store, thread_count
from .progress import Meter

FOUND = 3
_ROUNDING = 1 + 1e-9  # of sums of squares

_EPILOG = """\b
Examples:
  blosc2-grok check scan.b2nd                         checksums of all blocks
  blosc2-grok check scan.b2nd scan.tif                every image
  blosc2-grok check out.h5 raw.h5                     every image of all datasets
  blosc2-grok check scan.b2nd scan.tif --noise 0.5 --ssim 0.98

SSIM: mean over 7 x 7 windows, its range is the source image's maximum less its
minimum. PSNR: its peak is 2^bits - 1; of wide integers and floats, the image's
range. Sigma: of the noise, estimated from each source image and the next one."""


@dataclass
class Finding:
    """What was found of one array or dataset."""

    name: str
    text: str
    images: List[Dict[str, Any]] = field(default_factory=list)
    """The worst ones, the worst first."""
    problems: List[str] = field(default_factory=list)


@click.command(epilog=_EPILOG)
@click.argument("stored", metavar="FILE")
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option("--rmse", type=float, help="Allow no image a greater rmse.")
@click.option("--max-error", type=float, help="Allow no sample a greater error.")
@click.option("--noise", type=float, help="Allow no image an rmse above this part of the noise's sigma.")
@click.option("--psnr", type=float, help="Allow no image a lower PSNR in dB.")
@click.option("--ssim", type=float, help="Allow no image a lower SSIM.")
@click.option("--sigma", type=float, help="The noise's sigma, where it is known: it is not estimated then.")
@click.option("--fast", is_flag=True, help="Without SSIM, which takes most of the time.")
@click.option("--worst", type=click.IntRange(0), default=5, show_default=True, help="How many images to name.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Only what is wrong.")
@jobs_option
def check(
    stored: str,
    source: Optional[str],
    sigma: Optional[float],
    fast: bool,
    worst: int,
    as_json: bool,
    quiet: bool,
    jobs: Optional[int],
    **limits: Optional[float],
) -> None:
    """Compares every image of FILE with SOURCE; without it, checks the checksums that were recorded in FILE.

    Exit code 3 where anything is damaged, or lost more than the array's own parameters or the options allow.
    """
    import blosc2

    threads = thread_count(jobs)
    blosc2.set_nthreads(threads)
    if fast and limits["ssim"] is not None:
        raise click.UsageError("--fast and --ssim contradict each other")
    if limits["ssim"] is not None:
        need("skimage.metrics", "limits of SSIM", "scikit-image")
    if source is None and any(value is not None for value in (*limits.values(), sigma)):
        raise click.UsageError("limits are for a comparison: give the SOURCE, too")
    pairs, findings = _pairs(stored, source)
    for stored_part, source_part in pairs:
        with Meter("check", quiet=quiet or as_json, shows_ratio=False) as meter:
            if source_part is None:
                findings.append(check_recorded(stored_part, worst, meter))
            else:
                wanted = {name: value for name, value in limits.items() if value is not None}
                comparison = Comparison(stored_part, source_part, wanted, sigma, not fast, threads, worst)
                findings.append(comparison.run(meter))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        for one in findings:
            _show(one, quiet)
    if any(one.problems for one in findings):
        click.get_current_context().exit(FOUND)


def _pairs(stored: str, source: Optional[str]) -> Tuple[List[Tuple[str, Optional[str]]], List[Finding]]:
    """All images of an HDF5 file of which none is named, each with that of the same name; and those that lack."""
    names = _image_names(stored)
    wanted = names if source is None else _image_names(source)
    if names is None or wanted is None or len(wanted) == len(names) == 1:
        return [(stored, source)], []
    lacking = [
        Finding(f"{stored}::{name}", "missing", problems=["it is missing"]) for name in wanted if name not in names
    ]
    both = [name for name in wanted if name in names]
    return [(f"{stored}::{name}", None if source is None else f"{source}::{name}") for name in both], lacking


def _image_names(spec: str) -> Optional[List[str]]:
    path, inside = split_spec(spec)
    if inside is not None or not os.path.isfile(path) or format_of(path) != "hdf5":
        return None
    from ..files.hdf5 import find_images, open_file

    with open_file(path) as file:
        return list(find_images(file))


def check_recorded(spec: str, worst: int, meter: Meter) -> Finding:
    """By the checksums: of all stored blocks, and of the samples of lossless ones, which are decoded."""
    from ..reading import verify
    from .recorded import survey, worst_images

    with opened_store(spec) as store:
        found = verify(store, progress=meter)
        recorded = survey(store)
    text = f"{found.lossless} blocks lossless, {found.lossy} lossy, {found.unchecked} without a checksum"
    finding = Finding(spec, text, problems=found.problems)
    if found.lossy:
        finding.text += f"; recorded: max error {recorded.whole.max_error:g}, rmse {recorded.whole.rmse:.4g}"
        for index, one in worst_images(recorded.images, worst):
            finding.images.append({"image": list(index), "rmse": one.rmse, "max_error": one.max_error})
    return finding


@dataclass
class Comparison:
    """Every image of one array with its source's."""

    stored: str
    source: str
    limits: Dict[str, float]
    sigma: Optional[float]
    with_ssim: bool
    threads: int
    worst: int

    def run(self, meter: Meter) -> Finding:
        from ..files import open_stack

        with open_stack(self.source) as source, open_stack(self.stored) as stored:
            if (source.shape, source.dtype) != (stored.shape, stored.dtype):
                problem = f"it is {stored.shape} {stored.dtype}, the source is {source.shape} {source.dtype}"
                return Finding(self.stored, "differs in kind", problems=[problem])
            promised = Promise.of(self.stored)
            results = list(self._compare(source, stored, promised.bits, meter))
        return self._conclude(results, promised, source.dtype)

    def _compare(self, source: Any, stored: Any, bits: Optional[int], meter: Meter) -> Iterator[Any]:
        """Reads one image after another; several are compared at the same time."""
        from ..files.metrics import compare_images, peak_of

        peak = peak_of(source.dtype, bits)
        pending: List[Future[Any]] = []
        before = None
        done = 0
        with ThreadPoolExecutor(max_workers=self.threads) as executor:
            for index, image in source.images():
                # A neighbour tells noise from a fixed pattern; the first image has none before it.
                neighbour = before if before is not None else _second(source)
                decoded = _decoded(stored, index)
                job = executor.submit(
                    compare_images,
                    index,
                    image,
                    decoded,
                    peak=peak,
                    neighbour=neighbour,
                    sigma=self.sigma,
                    with_ssim=self.with_ssim,
                )
                pending.append(job)
                before, done = image, done + image.nbytes
                while len(pending) > self.threads:
                    yield pending.pop(0).result()
                meter(done, done, source.nbytes)
            for job in pending:
                yield job.result()

    def _conclude(self, results: List[Any], promised: Promise, dtype: Any) -> Finding:
        from ..files.metrics import peak_of

        peak = peak_of(dtype, promised.bits)
        ranked = sorted(results, key=lambda one: (-one.rmse, -one.max_error, one.index))
        finding = Finding(self.stored, _sum_up(results, peak))
        finding.images = [_row(one) for one in ranked[: self.worst] if one.rmse > 0]
        finding.problems = promised.broken(results, peak)
        for one in ranked:
            finding.problems += [f"image {list(one.index)}: {text}" for text in exceeded(one, self.limits)]
        return finding


def _second(stack: Any) -> Any:
    lead = stack.stack_shape()
    return stack[(0,) * (len(lead) - 1) + (1,)] if lead and lead[-1] > 1 else None


def _decoded(stored: Any, index: Tuple[int, ...]) -> Any:
    try:
        return stored[index]
    except (Error, OSError, RuntimeError) as error:
        raise Error(f"image {list(index)} can't be decoded: {error}") from error


@dataclass
class Promise:
    """The quality in an array's own parameters, which holds for each of its blocks."""

    quality: Dict[str, float] = field(default_factory=dict)
    """``max_error``, ``rmse`` or ``psnr``; empty where nothing is promised."""
    bits: Optional[int] = None
    chunks: Tuple[int, ...] = ()
    blocks: Tuple[int, ...] = ()

    @classmethod
    def of(cls, spec: str) -> Promise:
        """Of a b2nd file; others carry none."""
        path, inside = split_spec(spec)
        if inside is not None or not os.path.exists(path) or format_of(path) != "b2nd":
            return cls()
        from ..arrays import open_if_path, params_of

        array = open_if_path(path)
        try:
            params = params_of(array)
        except Error:
            return cls()
        told = {name: getattr(params, name) for name in ("rmse", "max_error", "psnr")}
        quality = {name: value for name, value in told.items() if value is not None}
        has_other_loss = params.quality_mode or params.irreversible or params.max_cs_size or params.max_comp_size
        if not quality and not has_other_loss:
            quality["max_error"] = 0.0
        bits = params.bits_per_sample if isinstance(params.bits_per_sample, int) else None
        return cls(quality, bits, tuple(array.chunks), tuple(array.blocks))

    def broken(self, results: List[Any], peak: Optional[float]) -> List[str]:
        """A sentence for each group of images that does not keep it: images of one block have it together."""
        groups: Dict[Tuple[int, ...], List[Any]] = {}
        for one in results:
            parts = zip(one.index, self.chunks, self.blocks)
            groups.setdefault(tuple(n for i, c, b in parts for n in (i // c, i % c // b)), []).append(one)
        return [text for group in groups.values() for text in self._broken_by(group, peak)]

    def _broken_by(self, group: List[Any], peak: Optional[float]) -> List[str]:
        mse = sum(one.rmse**2 for one in group) / len(group)
        worst = max(group, key=lambda one: one.max_error)
        allowed = self.quality.get("rmse", math.inf)
        if "psnr" in self.quality and peak is not None:
            allowed = peak * 10 ** (-self.quality["psnr"] / 20)
        told = []
        if worst.max_error > self.quality.get("max_error", math.inf):
            told.append(f"{_list(worst)}: max_error is {worst.max_error:g}, promised {self.quality['max_error']:g}")
        if mse > (allowed * _ROUNDING) ** 2:
            where = _list(group[0]) if len(group) == 1 else f"{_list(group[0])} to {list(group[-1].index)}"
            told.append(f"{where}: rmse is {math.sqrt(mse):.6g}, promised {allowed:.6g}")
        return told


def _list(one: Any) -> str:
    return f"image {list(one.index)}"


def exceeded(one: Any, limits: Dict[str, float]) -> List[str]:
    """A sentence for each limit that an image does not keep."""
    told: List[str] = []
    measured = {"rmse": one.rmse, "max_error": one.max_error, "noise": one.rmse_sigma}
    for name, value in measured.items():
        if name in limits and (value is None or value > limits[name] * _ROUNDING):
            told.append(f"{name} is {_number(value)}, allowed is {limits[name]:g} at most")
    for name, value in (("psnr", one.psnr), ("ssim", one.ssim)):
        if name in limits and (value is None or value < limits[name] / _ROUNDING):
            told.append(f"{name} is {_number(value)}, allowed is {limits[name]:g} at least")
    return told


def _number(value: Optional[float]) -> str:
    return "not known" if value is None else f"{value:.6g}"


def _sum_up(results: List[Any], peak: Optional[float]) -> str:
    if not results:
        return "no images"
    if all(one.max_error == 0 for one in results):
        return f"{len(results)} images, all equal"
    rmse = math.sqrt(sum(one.rmse**2 for one in results) / len(results))
    words = [f"{len(results)} images", f"rmse {rmse:.4g}", f"max error {max(one.max_error for one in results):g}"]
    sigmas = [(one.rmse_sigma, one.max_sigma) for one in results if one.rmse_sigma is not None]
    if sigmas:
        words.append(f"at most {max(a for a, _ in sigmas):.3g} (rmse) and {max(b for _, b in sigmas):.3g} (max) sigma")
    words.append(f"PSNR {min(one.psnr for one in results):.2f} dB at least (peak {peak or 'each range'})")
    ssims = [one.ssim for one in results if one.ssim is not None]
    if ssims:
        words.append(f"SSIM {min(ssims):.5f} at least")
    return ", ".join(words)


def _row(one: Any) -> Dict[str, Any]:
    return {
        "image": list(one.index),
        "rmse": one.rmse,
        "max_error": one.max_error,
        "rmse_sigma": one.rmse_sigma,
        "max_sigma": one.max_sigma,
        "psnr": one.psnr,
        "ssim": one.ssim,
    }


def _show(finding: Finding, quiet: bool) -> None:
    if not quiet:
        click.echo(f"{finding.name}: {finding.text}")
        if finding.images:
            Console().print(_table(finding.images))
    for problem in finding.problems:
        click.echo(f"{finding.name}: {problem}", err=True)


def _table(images: List[Dict[str, Any]]) -> Table:
    names = [name for name in images[0] if name != "image" and any(one[name] is not None for one in images)]
    table = Table(title="worst images", title_justify="left")
    for name in ("image", *names):
        table.add_column(name.replace("_", " "), justify="right")
    for one in images:
        index = ", ".join(str(n) for n in one["image"]) or "-"
        table.add_row(index, *(_number(one[name]) for name in names))
    return table
