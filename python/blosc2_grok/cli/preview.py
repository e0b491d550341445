# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok preview``: a PNG of one image at reduced resolution, decoding no more than that takes."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import click
import numpy as np
from numpy.typing import NDArray

from ..errors import Error
from .options import opened_store, parse_shape

_EPILOG = """\b
Examples:
  blosc2-grok preview scan.b2nd first.png
  blosc2-grok preview scan.h5::/entry/data a.png --image 120 --reduce 2
  blosc2-grok preview scan.b2nd a.png --range 0 4000"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="FILE")
@click.argument("target", metavar="OUT.png")
@click.option("--image", "index", default="0", show_default=True, help="Which image of a stack; '3,4' of two axes.")
@click.option("--reduce", "reduce_", type=click.IntRange(0, 32), help="Halvings of the resolution; default: by --size.")
@click.option("--size", type=click.IntRange(1), default=1024, show_default=True, help="Longest side, at most.")
@click.option("--range", "limits", type=(float, float), help="Samples shown black and white; default: 0.1 to 99.9 %.")
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
def preview(
    source: str,
    target: str,
    index: str,
    reduce_: Optional[int],
    size: int,
    limits: Optional[Tuple[float, float]],
    overwrite: bool,
) -> None:
    """Writes one image of FILE as an 8-bit PNG at a lower resolution."""
    from ..files import replacing
    from ..files.inputs import need

    if not target.lower().endswith(".png"):
        raise click.UsageError(f"OUT is {target}: its name must end in .png")
    pillow = need("PIL.Image", "pictures", "pillow")
    with opened_store(source) as store:
        samples, halvings = reduced_image(store, parse_shape(index) or (), reduce_, size)
    with replacing(target, overwrite=overwrite) as temporary:
        pillow.fromarray(to_bytes(samples, limits)).save(temporary)
    click.echo(f"{target}: {samples.shape[1]} x {samples.shape[0]}, 1/{2**halvings} of the resolution")


def reduced_image(store: Any, index: Tuple[int, ...], reduce: Optional[int], size: int) -> Tuple[NDArray[Any], int]:
    """One image and the halvings: as told, or as few as make its longer side at most ``size``.

    :raises Error: there is no such image.
    """
    from ..containers import open_container
    from ..partition import resolve_roles
    from ..reading import read

    container = open_container(store)
    if container.dtype is None:
        raise Error("a plain SChunk holds no images")
    layout = (container.parameters() or {}).get("layout")
    roles = resolve_roles(container.shape, layout, container.dtype.itemsize)
    if roles.row is None or roles.column is None:
        raise Error(f"an array of shape {container.shape} holds no images")
    planes = roles.planes(len(container.shape))
    if not any(container.shape[axis] > 1 for axis in planes):
        index = (0,) * len(planes)
    if len(index) != len(planes) or any(n >= container.shape[axis] for n, axis in zip(index, planes)):
        extents = tuple(container.shape[axis] for axis in planes)
        raise Error(f"image {index} of a stack of {extents}: say one number for each of its axes")
    halvings = reduce
    if halvings is None:
        longest = max(container.shape[roles.row], container.shape[roles.column])
        halvings = next(n for n in range(33) if -(-longest >> n) <= size)
    key = [slice(None)] * len(container.shape)
    picked: Any = [index[planes.index(axis)] if axis in planes else part for axis, part in enumerate(key)]
    samples = read(store, tuple(picked), reduce=halvings)
    return (samples if roles.row < roles.column else samples.swapaxes(0, 1)), halvings


def to_bytes(samples: NDArray[Any], limits: Optional[Tuple[float, float]]) -> NDArray[np.uint8]:
    """8 bits for a screen: bytes as they are, others stretched between ``limits`` or the 0.1 and 99.9 % quantiles."""
    if samples.dtype == np.uint8 and limits is None:
        return samples
    wide = np.abs(samples) if samples.dtype.kind == "c" else samples
    values = wide.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = limits if limits else np.quantile(finite, (0.001, 0.999)) if finite.size else (0.0, 1.0)
    scaled = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / ((high - low) or 1.0)
    return np.asarray(np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8))
