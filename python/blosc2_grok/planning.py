# SPDX-License-Identifier: BSD-3-Clause
"""What a new array is to be, checked and settled before anything is created."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

import blosc2
import numpy as np

from .calibration import find_depth, find_target
from .checked import checked_params, plain_params
from .coder import choose_mode, told_params
from .containers import METALAYER
from .enums import GrkFileFmt
from .guard import check_not_collapsed, check_trial_block
from .host_faults import mixes_up
from .noise import rmse_of_noise
from .params import Params
from .partition import LEAST_BLOCK_BYTES, Roles, Shape, check_planes, pick_blocks, pick_chunks, resolve_roles
from .sampling import Grid, Sample

Progress = Callable[[int, int, int], None]
"""Called with bytes of samples done, bytes stored for them, and bytes of all samples."""

_QUALITIES = ("psnr", "rmse", "max_error")
_DTYPE_KINDS = {"b": (1,), "u": (1, 2, 4, 8), "i": (1, 2, 4, 8), "f": (2, 4, 8), "c": (8, 16)}


@dataclass(frozen=True)
class Plan:
    """All that a new array is made with."""

    shape: Shape
    dtype: np.dtype[Any]
    roles: Roles
    chunks: Shape
    blocks: Shape
    parameters: Dict[str, Any]  # what Params takes; bits_per_sample may be "auto"
    ratio: Optional[float] = None
    calibrate: str = "sampled"
    progress: Optional[Progress] = None

    @property
    def tolerance(self) -> float:
        """Part of the ratio by which it may be missed."""
        return 0.02 if self.calibrate == "all" else 0.05

    def grid(self) -> Grid:
        return Grid(self.shape, self.dtype, self.chunks, self.blocks)

    def with_parameters(self, **changes: Any) -> Plan:
        return replace(self, parameters={**self.parameters, **changes})


def check_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.itemsize not in _DTYPE_KINDS.get(dtype.kind, ()):
        raise TypeError(
            f"dtype {dtype} can't be stored as JPEG 2000: only bool, integers, floats of 2, 4 or 8 bytes and "
            "complex numbers of 8 or 16"
        )
    return dtype


_BLOSC2_NAMES = {
    *("cparams", "dparams", "meta", "urlpath", "contiguous", "mode", "mmap_mode", "initial_mapping_size", "locking"),
    *("storage", "dtype", "copy"),
}


def check_names(blosc2_kwargs: Dict[str, Any]) -> None:
    """TypeError for what neither we nor blosc2 know; takes a ``storage`` apart."""
    for name in blosc2_kwargs:
        if name not in _BLOSC2_NAMES:
            hint = ": parameters go into params={...}" if name in Params().to_dict() else ""
            raise TypeError(f"asarray() got an unexpected keyword argument '{name}'{hint}")
    storage = blosc2_kwargs.pop("storage", None)
    if storage is not None:
        told = storage if isinstance(storage, Mapping) else vars(storage)
        blosc2_kwargs.update({name: value for name, value in told.items() if value is not None})


def gather_params(
    params: Union[Params, Mapping[str, Any], None],
    coder: str,
    blosc2_kwargs: Dict[str, Any],
    qualities: Mapping[str, Optional[float]],
) -> Dict[str, Any]:
    """One dict of everything that was said, checked."""
    metalayers = dict(blosc2_kwargs.pop("meta", None) or {})
    stored = metalayers.pop(METALAYER, None)
    if stored is not None and params is not None:
        raise ValueError('parameters are given twice: by params= and by meta["grok"]')
    if metalayers:
        blosc2_kwargs["meta"] = metalayers
    parameters = told_params(stored if stored is not None else params)
    for name, value in qualities.items():
        if value is not None:
            if _has_quality(parameters):
                raise ValueError(f"{name}={value!r} and a quality in params: only one can be kept")
            parameters[name] = value
    plain = plain_params(parameters)
    mode = choose_mode(coder, parameters, checked_params(parameters))
    return {**{name: value for name, value in plain.items() if name in parameters}, "mode": mode}


def _has_quality(parameters: Mapping[str, Any]) -> bool:
    return any(parameters.get(name) is not None for name in (*_QUALITIES, "quality_mode"))


def check_single_quality(parameters: Mapping[str, Any], ratio: Optional[float], noise: Any) -> None:
    given = [name for name in (*_QUALITIES, "quality_mode") if parameters.get(name) is not None]
    given += [name for name, value in (("ratio", ratio), ("noise", noise)) if value is not None]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are given: only one quality can be kept")
    if ratio is not None and not (math.isfinite(ratio) and ratio > 1):
        raise ValueError(f"ratio is {ratio!r}: it must be a number above 1")


def make_plan(
    shape: Shape,
    dtype: np.dtype[Any],
    parameters: Dict[str, Any],
    chunks: Optional[Sequence[int]],
    blocks: Optional[Sequence[int]],
) -> Plan:
    element_bytes = dtype.itemsize // (2 if dtype.kind == "c" else 1)
    roles = resolve_roles(shape, parameters.get("layout"), element_bytes)
    whole = check_extents("chunks", chunks, shape)
    part = check_extents("blocks", blocks, shape)
    if part is None:
        part = pick_blocks(shape if whole is None else whole, roles, dtype.itemsize)
    if whole is None:
        whole = pick_chunks(shape, part, roles, dtype.itemsize)
    if any(b > c for b, c in zip(part, whole)):
        raise ValueError(f"blocks {part} don't fit into chunks {whole}")
    if mixes_up(whole, part):
        if chunks is not None and blocks is not None:
            raise ValueError(
                f"blosc2 {blosc2.__version__} mixes up the samples of blocks {part} in chunks {whole}, with any codec: "
                f"take chunks={part}, or blosc2 3.8 or later"
            )
        whole, part = (part, part) if chunks is None else (whole, whole)
    check_planes(part, roles, words=2 if dtype.kind == "c" else 1)
    parameters = {**parameters, "layout": roles.to_layout()}
    if math.prod(part) * dtype.itemsize < LEAST_BLOCK_BYTES:
        parameters.setdefault("cod_format", int(GrkFileFmt.GRK_FMT_J2K.value))
    return Plan(shape, dtype, roles, whole, part, parameters)


def check_extents(name: str, extents: Union[Sequence[int], int, None], shape: Shape) -> Optional[Shape]:
    if extents is None:
        return None
    checked = (extents,) if isinstance(extents, int) else tuple(int(n) for n in extents)
    if len(checked) != len(shape) or any(n < 1 for n in checked):
        raise ValueError(f"{name} is {extents!r}: it must be {len(shape)} lengths of 1 or more")
    return checked


def settle(plan: Plan, sample: Sample, noise: Any) -> Plan:
    """What depends on the samples: depth, target, and whether the whole can work, before anything is created."""
    if plan.parameters.get("bits_per_sample") == "auto":
        plan = plan.with_parameters(bits_per_sample=find_depth(sample.source, sample.grid))
    if noise is not None:
        plan = plan.with_parameters(rmse=rmse_of_noise(noise, sample, plan.roles))
    check_trial_block(sample, plan.parameters)
    if plan.ratio is not None:
        target = find_target(sample, plan.parameters, plan.ratio, tolerance=plan.tolerance / 4)
        plan = plan.with_parameters(rmse=target)
    check_not_collapsed(sample, plan.parameters)
    return plan
