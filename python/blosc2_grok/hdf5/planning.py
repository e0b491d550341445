# SPDX-License-Identifier: BSD-3-Clause
"""From what a caller said to container, chunks and parameters."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Mapping

import numpy as np

from .. import calibration, planning
from ..enums import GrkFileFmt
from ..params import Params
from ..partition import Shape, pick_blocks, resolve_roles
from .frames import MOST_CHUNK_BYTES, Blosc2Frames, Frames, Htj2kFrames, obstacle_to_htj2k, pick_chunk
from .memory import Means
from .wishes import Wanted

_SIZE_FREE = {"mct", "mode", "layout", "cod_format", "num_threads", "verbose", "verify", "engine", "irreversible"}
_SIZE_FREE |= {"keep", "max_error", "rmse", "psnr", "bits_per_sample"}


def make_frames(shape: Shape, dtype: np.dtype[Any], wanted: Wanted, means: Means) -> Frames:
    """Container, chunks and parameters for an array; nothing is read of it."""
    if wanted.container not in (None, "htj2k", "blosc2"):
        raise ValueError(f"container is {wanted.container!r}: it must be None, 'htj2k' or 'blosc2'")
    if wanted.calibrate not in ("sampled", "all"):
        raise ValueError(f"calibrate is {wanted.calibrate!r}: it must be 'sampled' or 'all'")
    if 0 in shape or not shape:
        raise ValueError(f"an array of shape {shape} has no chunks: store it without compression")
    planning.check_dtype(dtype)
    parameters = planning.gather_params(wanted.params, wanted.coder, {}, wanted.bounds)
    planning.check_single_quality(parameters, wanted.ratio, wanted.noise)
    roles = resolve_roles(shape, parameters.get("layout"), dtype.itemsize // (2 if dtype.kind == "c" else 1))
    given = planning.check_extents("chunks", wanted.chunks, shape)
    chunk = pick_chunk(shape, roles, dtype.itemsize, True) if given is None else given
    obstacle = obstacle_to_htj2k(dtype, chunk, roles, wanted.coder, parameters)
    if wanted.container == "htj2k" and obstacle:
        raise ValueError(f"container 'htj2k' can't hold this: {obstacle}")
    is_htj2k = obstacle is None and wanted.container != "blosc2"
    if is_htj2k:
        parameters["cod_format"] = int(GrkFileFmt.GRK_FMT_J2K.value)
    elif given is None:
        chunk = pick_chunk(shape, roles, dtype.itemsize, False)
    _check_chunk(chunk, shape, dtype)
    plan = planning.make_plan(shape, dtype, parameters, chunk, chunk if is_htj2k else None)
    plan = replace(plan, ratio=wanted.ratio, calibrate=wanted.calibrate)
    return Htj2kFrames(plan, means) if is_htj2k else Blosc2Frames(plan, means)


def draw_sample(source: Any, plan: planning.Plan, means: Means) -> calibration.Sample:
    """What targets are found with: parts of images that are one codestream, where parameters mean the same for them.

    Whole images would take several times the memory that coding them one by one does.
    """
    grid = replace(plan.grid(), shape=tuple(source.shape))
    if plan.blocks == plan.chunks and not _depends_on_size(plan.parameters):
        blocks = pick_blocks(plan.chunks, plan.roles, plan.dtype.itemsize)
        grid = replace(grid, blocks=tuple(min(pair) for pair in zip(blocks, plan.blocks)))
    sample = calibration.Sample(source, grid, everything=plan.calibrate == "all")
    sample.threads = means.jobs
    return sample


def _depends_on_size(parameters: Mapping[str, Any]) -> bool:
    """Whether parameters could mean another thing, or be wrong, for a part of an image."""
    defaults = Params().to_dict()
    told = Params(**parameters).to_dict()
    return any(value != defaults[name] for name, value in told.items() if name not in _SIZE_FREE)


def _check_chunk(chunk: Shape, shape: Shape, dtype: np.dtype[Any]) -> None:
    if any(part > whole for part, whole in zip(chunk, shape)):
        raise ValueError(f"chunks {chunk} are larger than the array of shape {shape}")
    chunk_bytes = math.prod(chunk) * dtype.itemsize
    if chunk_bytes > MOST_CHUNK_BYTES:
        raise ValueError(f"chunks {chunk} have {chunk_bytes} bytes each: at most {MOST_CHUNK_BYTES} are possible")
