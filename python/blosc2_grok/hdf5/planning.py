# SPDX-License-Identifier: BSD-3-Clause
"""From what a caller said to container, chunks and parameters."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from .. import arrays
from ..enums import GrkFileFmt
from ..params import Params
from ..partition import Shape, resolve_roles
from .frames import MOST_CHUNK_BYTES, Blosc2Frames, Frames, Htj2kFrames, obstacle_to_htj2k, pick_chunk
from .wishes import Wanted


def make_frames(shape: Shape, dtype: np.dtype[Any], wanted: Wanted, jobs: int) -> Frames:
    """Container, chunks and parameters for an array; nothing is read of it."""
    if wanted.container not in (None, "htj2k", "blosc2"):
        raise ValueError(f"container is {wanted.container!r}: it must be None, 'htj2k' or 'blosc2'")
    if wanted.calibrate not in ("sampled", "all"):
        raise ValueError(f"calibrate is {wanted.calibrate!r}: it must be 'sampled' or 'all'")
    if 0 in shape or not shape:
        raise ValueError(f"an array of shape {shape} has no chunks: store it without compression")
    arrays.check_dtype(dtype)
    parameters = arrays.gather_params(wanted.params, wanted.coder, {}, wanted.bounds)
    arrays.check_single_quality(parameters, wanted.ratio, wanted.noise)
    roles = resolve_roles(shape, parameters.get("layout"), dtype.itemsize // (2 if dtype.kind == "c" else 1))
    given = arrays.check_extents("chunks", wanted.chunks, shape)
    chunk = pick_chunk(shape, roles, dtype.itemsize, True) if given is None else given
    obstacle = obstacle_to_htj2k(dtype, chunk, roles, wanted.coder, parameters)
    if wanted.container == "htj2k" and obstacle:
        raise ValueError(f"container 'htj2k' can't hold this: {obstacle}")
    is_htj2k = obstacle is None and wanted.container != "blosc2"
    if is_htj2k:
        parameters["mode"] = arrays.mode_of("ht", Params(**parameters))
        parameters["cod_format"] = int(GrkFileFmt.GRK_FMT_J2K.value)
    elif given is None:
        chunk = pick_chunk(shape, roles, dtype.itemsize, False)
    _check_chunk(chunk, shape, dtype)
    plan = arrays.make_plan(shape, dtype, parameters, chunk, chunk if is_htj2k else None)
    plan = replace(plan, ratio=wanted.ratio, calibrate=wanted.calibrate)
    return Htj2kFrames(plan, jobs) if is_htj2k else Blosc2Frames(plan, jobs)


def _check_chunk(chunk: Shape, shape: Shape, dtype: np.dtype[Any]) -> None:
    if any(part > whole for part, whole in zip(chunk, shape)):
        raise ValueError(f"chunks {chunk} are larger than the array of shape {shape}")
    chunk_bytes = math.prod(chunk) * dtype.itemsize
    if chunk_bytes > MOST_CHUNK_BYTES:
        raise ValueError(f"chunks {chunk} have {chunk_bytes} bytes each: at most {MOST_CHUNK_BYTES} are possible")
