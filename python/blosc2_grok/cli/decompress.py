# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok decompress``: back to files that anything reads."""

from __future__ import annotations

import os
from typing import Any, Optional

import click

from .options import jobs_option, output_options, thread_count
from .progress import Meter, size_text

_EPILOG = """\b
Examples:
  blosc2-grok decompress scan.b2nd scan.tif
  blosc2-grok decompress scan.h5::/entry/data scan.npy
  blosc2-grok decompress scan.b2nd plain.h5::/entry/data"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@jobs_option
@output_options
def decompress(source: str, target: str, jobs: Optional[int], overwrite: bool, quiet: bool) -> None:
    """Writes IN (b2nd, HDF5, or any other input) as OUT: .npy, .tif, or HDF5 without compression (OUT.h5::/data).

    Image by image; OUT gets its name when it is complete.
    """
    import blosc2

    from ..files import open_stack, replacing, split_spec

    path, inside = split_spec(target)
    write = _writer_of(path, inside)
    blosc2.set_nthreads(thread_count(jobs))
    with open_stack(source) as stack, replacing(path, overwrite=overwrite) as temporary:
        with Meter("decompress", quiet=quiet, shows_ratio=False) as meter:
            write(stack, temporary, meter)
    if not quiet:
        shape = " x ".join(str(n) for n in stack.shape)
        speed = stack.nbytes / max(meter.seconds, 1e-6) / 1e6
        click.echo(f"{path}: {shape} {stack.dtype}, {size_text(stack.nbytes)}, {speed:.0f} MB/s")


def _writer_of(path: str, inside: Optional[str]) -> Any:
    from ..files import write_npy, write_plain_hdf5, write_tiff
    from ..files.inputs import SUFFIXES

    kind = SUFFIXES.get(os.path.splitext(path)[1].lower())
    if inside is not None and kind != "hdf5":
        raise click.UsageError(f"{path} is not HDF5: only its files have parts that are named by '::'")
    if kind == "hdf5":
        return lambda stack, temporary, meter: write_plain_hdf5(stack, temporary, inside or "/data", meter)
    if kind not in ("npy", "tiff"):
        raise click.UsageError(f"OUT is {path}: its name must end in .npy, .tif or .h5; for b2nd: compress")
    return write_npy if kind == "npy" else write_tiff
