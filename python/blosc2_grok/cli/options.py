# SPDX-License-Identifier: BSD-3-Clause
"""Options that several verbs have, and what becomes of them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, Tuple, TypeVar

import click

from ..files.inputs import split_spec

Function = TypeVar("Function", bound=Callable[..., Any])

QUALITIES = ("ratio", "psnr", "rmse", "max_error", "noise")


def quality_options(function: Function) -> Function:
    """``--ratio`` and its like, ``--coder`` and ``--param``."""
    for option in (
        click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Any other parameter by its name."),
        click.option("--bits", type=click.IntRange(1, 64), help="Bits that samples use, for the peak of a PSNR."),
        click.option("--coder", type=click.Choice(["auto", "part1", "ht"]), default="auto", show_default=True),
        click.option("--noise", type=float, help="Mean error at most this part of the noise: 0.25 is good advice."),
        click.option("--max-error", type=float, help="No sample is changed by more, in its own units."),
        click.option("--rmse", type=float, help="Root-mean-square error of each block, at most."),
        click.option("--psnr", type=float, help="PSNR of each block in dB, at least."),
        click.option("--ratio", type=float, help="The whole gets this many times smaller."),
    ):
        function = option(function)
    return function


def output_options(function: Function) -> Function:
    """``--overwrite`` and ``--quiet``."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="No progress bar, no summary."),
        click.option("--overwrite", is_flag=True, help="Replace the output if it exists."),
    ):
        function = option(function)
    return function


jobs_option = click.option(
    "-j", "--jobs", type=click.IntRange(1), default=None, help="Threads; default: as many as this process may use."
)


def quality_of(options: Dict[str, Any]) -> Dict[str, Any]:
    """The keyword arguments of ``asarray`` for the options of a quality; takes them out of ``options``.

    :raises click.UsageError: more than one quality.
    """
    given = {name: options.pop(name) for name in QUALITIES}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        names = " and ".join("--" + name.replace("_", "-") for name in given)
        raise click.UsageError(f"{names}: only one quality can be kept")
    params = dict(_parse_param(text) for text in options.pop("params"))
    bits = options.pop("bits")
    if bits is not None:
        params["bits_per_sample"] = bits
    if params:
        given["params"] = params
    given["coder"] = options.pop("coder")
    return given


def _parse_param(text: str) -> Tuple[str, Any]:
    """``tile_size=256,256``: numbers are numbers, commas make a list."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.UsageError(f"--param {text}: say NAME=VALUE")
    if name.strip() == "verify":
        return "verify", value.strip()  # "none" is one of its words
    parts = [_parse_value(part) for part in value.split(",")]
    return name.strip(), parts[0] if len(parts) == 1 else parts


def _parse_value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parse_shape(text: Optional[str]) -> Optional[Tuple[int, ...]]:
    """``1,512,512`` or ``1x512x512``."""
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise click.UsageError(f"{text}: lengths are whole numbers with commas between them")


def thread_count(jobs: Optional[int]) -> int:
    """As asked for, or the processors that this process may run on (a batch system may have given it a part)."""
    return jobs if jobs is not None else len(os.sched_getaffinity(0))


@contextmanager
def opened_store(spec: str) -> Iterator[Any]:
    """What :func:`blosc2_grok.read` and its like take: the path of a b2nd file, or an h5py dataset."""
    from ..errors import Error
    from ..files.hdf5 import dataset_of
    from ..files.inputs import format_of

    path, inside = split_spec(spec)
    if not os.path.lexists(path):
        raise FileNotFoundError(f"{path} does not exist")
    kind = format_of(path)
    if kind == "hdf5":
        with dataset_of(path, inside) as dataset:
            yield dataset
    elif kind == "b2nd" and inside is None:
        yield path
    else:
        raise Error(f"{spec} holds no blocks: give a .b2nd file, or a dataset of HDF5, 'file.h5::/entry/data'")
