# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok info``: what a file holds, how it is stored, and the errors that its blocks have recorded."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Dict, List, Optional

import click
from rich.console import Console
from rich.table import Table

from ..errors import Error
from ..files.inputs import format_of, split_spec
from .options import opened_store
from .progress import size_text
from .recorded import Survey, index_text, survey, worst_images

_EPILOG = """\b
Examples:
  blosc2-grok info scan.b2nd
  blosc2-grok info scan.h5                  all its images
  blosc2-grok info scan.h5::/entry/data --json"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--worst", type=click.IntRange(0), default=5, show_default=True, help="How many images to name.")
def info(source: str, as_json: bool, worst: int) -> None:
    """Tells shape, parameters, engines, and the recorded errors of all blocks, without decoding any.

    Exit code 3 where a block is damaged.
    """
    described = [describe(spec, worst) for spec in _parts(source)]
    if as_json:
        click.echo(json.dumps(described if len(described) != 1 else described[0], indent=2))
    else:
        for one in described:
            _show(one)
    if any(one.get("problems") for one in described):
        click.get_current_context().exit(3)


def _parts(spec: str) -> List[str]:
    """All images of an HDF5 file of which none is named."""
    path, inside = split_spec(spec)
    if inside is not None or not os.path.isfile(path) or format_of(path) != "hdf5":
        return [spec]
    from ..files.hdf5 import find_images, open_file

    with open_file(path) as file:
        return [f"{path}::{name}" for name in find_images(file)] or [spec]


def describe(spec: str, worst: int = 5) -> Dict[str, Any]:
    """What ``info --json`` prints of one array or dataset; errors in units of the samples."""
    from ..files import open_stack

    with open_stack(spec) as stack:
        told: Dict[str, Any] = {
            "name": stack.name,
            "shape": list(stack.shape),
            "dtype": str(stack.dtype),
            "bytes": stack.nbytes,
        }
    if not _holds_blocks(spec):
        return told
    from ..containers import open_container

    with opened_store(spec) as store:
        container = open_container(store)
        found = survey(store)
        told["chunks"] = list(container.chunks)
        told["blocks"] = list(getattr(container, "blocks", container.chunks))
        told["parameters"] = _changed(container.parameters())
    told.update(_report(found, worst))
    told["ratio"] = told["bytes"] / max(found.stored_bytes, 1)
    return told


def _holds_blocks(spec: str) -> bool:
    from ..containers import open_container

    if format_of(split_spec(spec)[0]) not in ("b2nd", "hdf5"):
        return False
    with opened_store(spec) as store:
        try:
            open_container(store)
        except Error:  # a dataset with other filters, or none
            return False
    return True


def _changed(parameters: Optional[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """Those that differ from the factory defaults."""
    if parameters is None:
        return None
    from .. import _native
    from ..params import Params

    defaults = _native.normalize(Params().to_dict())
    return {name: value for name, value in parameters.items() if value != defaults.get(name)}


def _report(found: Survey, worst: int) -> Dict[str, Any]:
    lossy = bool(found.kinds["lossy"])
    listed = worst_images(found.images, worst) if lossy else []
    psnr = found.min_psnr if found.min_psnr is not None and math.isfinite(found.min_psnr) else None
    return {
        "stored_bytes": found.stored_bytes,
        "kinds": dict(found.kinds),
        "engines": dict(found.engines),
        "codestream": found.first["codestream"] if found.first else None,
        "container": found.first["container"] if found.first else None,
        "max_error": found.whole.max_error,
        "rmse": found.whole.rmse,
        "min_psnr": psnr,
        "worst": [{"image": list(index), "rmse": one.rmse, "max_error": one.max_error} for index, one in listed],
        "problems": found.problems,
    }


def _show(told: Dict[str, Any]) -> None:
    table = Table(title=told["name"], show_header=False, title_justify="left")
    table.add_row("shape", f"{' x '.join(str(n) for n in told['shape'])} {told['dtype']}, {size_text(told['bytes'])}")
    if "kinds" in told:
        _show_blocks(table, told)
    Console().print(table)
    for problem in told.get("problems", []):
        click.echo(f"damaged: {problem}", err=True)


def _show_blocks(table: Table, told: Dict[str, Any]) -> None:
    table.add_row("stored", f"{size_text(told['stored_bytes'])}, ratio {told['ratio']:.2f}")
    table.add_row("chunks, blocks", f"{tuple(told['chunks'])}, {tuple(told['blocks'])}")
    table.add_row("blocks", ", ".join(f"{count} {kind}" for kind, count in told["kinds"].items()))
    if told["codestream"] is not None:
        coder = "HT" if told["codestream"]["mode"] & 64 else "Part 1"
        wavelet = "9/7" if told["codestream"]["irreversible"] else "5/3"
        table.add_row("coder", f"{coder}, {wavelet}, as {told['container']}: {', '.join(told['engines'])}")
    if told["parameters"] is not None:
        table.add_row("parameters", ", ".join(f"{n}={v}" for n, v in told["parameters"].items()) or "defaults")
    if told["kinds"].get("lossy"):
        psnr = "" if told["min_psnr"] is None else f", PSNR of the worst block {told['min_psnr']:.2f} dB"
        table.add_row("recorded errors", f"max {told['max_error']:g}, rmse {told['rmse']:.4g}{psnr}")
    for one in told["worst"]:
        text = f"rmse {one['rmse']:.4g}, max {one['max_error']:g}"
        table.add_row(f"image {index_text(tuple(one['image']))}", text)
