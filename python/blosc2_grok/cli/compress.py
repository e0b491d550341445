# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok compress``: any images to b2nd or HDF5."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Optional

import click

from ..errors import Error
from .options import jobs_option, output_options, parse_shape, quality_of, quality_options, thread_count
from .progress import Meter, size_text

MIB = 1024 * 1024

_EPILOG = """\b
Examples:
  blosc2-grok compress scan.tif scan.b2nd                    lossless
  blosc2-grok compress frames/ scan.b2nd --noise 0.25        a folder of images
  blosc2-grok compress 'frames/a*.png' scan.b2nd --ratio 6
  blosc2-grok compress raw.h5::/entry/data out.h5 --max-error 2 --coder ht
  blosc2-grok compress raw.h5 out.h5 --ratio 6               all of a NeXus file"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@quality_options
@click.option("--calibrate", type=click.Choice(["sampled", "all"]), default="sampled", help="Meet a ratio within 2 %.")
@click.option("--chunks", help="Shape of chunks, '1,2048,2048'.")
@click.option("--blocks", help="Shape of blocks, b2nd only.")
@click.option("--container", type=click.Choice(["htj2k", "blosc2"]), help="How HDF5 holds it; default: as fits.")
@click.option(
    "--select", multiple=True, metavar="PATTERN", help="Of a whole HDF5 file: which datasets, '/entry/*/data'."
)
@click.option(
    "--memory",
    type=click.IntRange(1),
    default=32,
    show_default=True,
    metavar="MIB",
    help="What images of HDF5 output may take while they are coded. One always is; more at a time are faster.",
)
@click.option("--again", is_flag=True, help="Recode a source that is lossy already: its losses add up.")
@jobs_option
@output_options
def compress(source: str, target: str, again: bool, overwrite: bool, quiet: bool, **options: Any) -> None:
    """Stores IN as JPEG 2000 in OUT, a .b2nd or an HDF5 file (OUT.h5::/entry/data).

    Lossless unless one quality is stated. OUT gets its name when it is complete.
    """
    from ..files.inputs import format_of, split_spec

    quality = quality_of(options)
    if options["calibrate"] != "sampled":
        quality["calibrate"] = options["calibrate"]
    path, inside = split_spec(target)
    kind = _target_kind(path)
    if kind == "hdf5" and options["blocks"]:
        raise click.UsageError("--blocks is for b2nd")
    if kind != "hdf5" and (options["container"] or inside is not None):
        raise click.UsageError(f"{target} is not HDF5: --container and '::' don't apply")
    order = _Order(source, path, inside, quality, again, overwrite, quiet, options)
    source_path, dataset = split_spec(source)
    if kind == "hdf5" and dataset is None and os.path.isfile(source_path) and format_of(source_path) == "hdf5":
        if inside is not None:
            raise click.UsageError(f"which dataset of {source} shall be {inside}? Say {source}::/NAME")
        _copy_file(order)
    elif options["select"]:
        raise click.UsageError("--select is for whole HDF5 files, IN.h5 and OUT.h5")
    else:
        _store_stack(order)


def _target_kind(path: str) -> str:
    from ..files.inputs import SUFFIXES

    kind = SUFFIXES.get(os.path.splitext(path)[1].lower())
    if kind not in ("b2nd", "hdf5"):
        raise click.UsageError(f"OUT is {path}: its name must end in .b2nd or .h5; for npy and TIFF: decompress")
    return kind


@dataclass(frozen=True)
class _Order:
    """What was asked for."""

    source: str
    path: str
    inside: Optional[str]
    quality: Dict[str, Any]
    again: bool
    overwrite: bool
    quiet: bool
    options: Dict[str, Any]

    def refuse_lossy(self, name: str, reason: Optional[str]) -> None:
        """:raises Error: there is a reason, and it was not said that it doesn't matter."""
        if reason is not None and not self.again:
            raise Error(f"{name} is lossy already: {reason}. Losses would add up; --again recodes it nevertheless")


def _store_stack(order: _Order) -> None:
    from ..files import open_stack, replacing

    options = order.options
    with open_stack(order.source) as stack, replacing(order.path, overwrite=order.overwrite) as temporary:
        order.refuse_lossy(stack.name, None if order.again else stack.why_lossy())
        settings = {**order.quality, "jobs": thread_count(options["jobs"]), "chunks": parse_shape(options["chunks"])}
        with Meter("compress", quiet=order.quiet) as meter, _notes_at_end():
            if _target_kind(order.path) == "b2nd":
                blocks = parse_shape(options["blocks"])
                store_b2nd(stack, temporary, meter, blocks=blocks, **settings)
            else:
                name = order.inside or (stack.name.rpartition("::")[2] if "::" in stack.name else "/data")
                settings.update(container=options["container"], memory=options["memory"] * MIB)
                _store_hdf5(stack, temporary, name, meter, settings)
        stored = os.path.getsize(temporary)
    if not order.quiet:
        shape = " x ".join(str(n) for n in stack.shape)
        click.echo(f"{order.path}: {shape} {stack.dtype}, {summary(stack.nbytes, stored, meter)}")


@contextmanager
def _notes_at_end() -> Iterator[None]:
    """Warnings become lines of stderr behind the progress bar."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    for warning in said:
        click.echo(f"note: {warning.message}", err=True)


def summary(raw: int, stored: int, meter: Meter) -> str:
    """In words: 6.55 MB to 1.2 MB, ratio 5.46, 31 MB/s."""
    speed = raw / max(meter.seconds, 1e-6) / 1e6
    return f"{size_text(raw)} to {size_text(stored)}, ratio {raw / max(stored, 1):.2f}, {speed:.0f} MB/s"


def store_b2nd(
    stack: Any,
    path: str,
    progress: Any,
    *,
    jobs: int,
    chunks: Any = None,
    blocks: Any = None,
    **quality: Any,
) -> None:
    """Writes any array-like, chunk by chunk; by default of whole images, each of which is read once."""
    from ..arrays import asarray
    from ..partition import pick_whole_images, resolve_roles

    itemsize = stack.dtype.itemsize
    if chunks is None and stack.shape:
        layout = (quality.get("params") or {}).get("layout")
        roles = resolve_roles(stack.shape, layout, itemsize // (2 if stack.dtype.kind == "c" else 1))
        chunks = pick_whole_images(stack.shape, roles, itemsize)
    asarray(
        stack,
        urlpath=path,
        mode="w",
        chunks=chunks,
        blocks=blocks,
        cparams={"nthreads": jobs},
        dparams={"nthreads": jobs},
        progress=progress,
        **quality,
    )


def hdf5_module() -> Any:
    """The part of the package that writes HDF5; it needs h5py."""
    from importlib import import_module

    from ..files.inputs import need

    need("h5py", "HDF5 files")
    need("hdf5plugin", "compressed HDF5 files")
    return import_module("blosc2_grok.hdf5")


def _store_hdf5(stack: Any, path: str, name: str, meter: Meter, settings: Dict[str, Any]) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        hdf5_module().write_dataset(file, name, stack, progress=meter, **settings)


def _copy_file(order: _Order) -> None:
    """All of a file: its images compressed, everything else as it is."""
    from ..containers import BLOSC2_FILTER, HTJ2K_FILTER, list_filters
    from ..files.hdf5 import find_images, loss_of_dataset, open_file
    from ..files.outputs import replacing

    options = order.options
    if options["chunks"]:
        raise click.UsageError("--chunks is for one dataset: name it, IN.h5::/NAME")
    with open_file(order.source) as file:
        for name, dataset in find_images(file).items():
            # What is JPEG 2000 already is carried over as it is.
            if not order.again and list_filters(dataset) not in ([BLOSC2_FILTER], [HTJ2K_FILTER]):
                order.refuse_lossy(f"{order.source}::{name}", loss_of_dataset(dataset))
    with replacing(order.path, overwrite=order.overwrite) as temporary, Meter("compress", quiet=order.quiet) as meter:
        with _notes_at_end():
            copied = hdf5_module().copy_file(
                order.source,
                temporary,
                select=list(options["select"]) or None,
                container=options["container"],
                jobs=thread_count(options["jobs"]),
                memory=options["memory"] * MIB,
                progress=meter,
                **order.quality,
            )
        stored = os.path.getsize(temporary)
    if not order.quiet:
        click.echo(f"{order.path}: {summary(sum(one.nbytes for one in copied), stored, meter)}")
