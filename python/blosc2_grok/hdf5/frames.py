# SPDX-License-Identifier: BSD-3-Clause
"""The two forms that an HDF5 chunk of ours has: a bare HT codestream, or a Blosc2 frame of one chunk."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import blosc2
import numpy as np
from numpy.typing import NDArray

from .. import _native, arrays, planning
from ..coder import reason_for_part1
from ..containers import BLOSC2_FILTER, GROK_CODEC, HTJ2K_FILTER, METALAYER
from ..enums import GrkFileFmt, GrkMode
from ..params import Params
from ..partition import LEAST_BLOCK_BYTES, Roles, Shape, pick_blocks
from .headroom import NoRoomError, encode_below_top
from .memory import Crew, Means
from .wishes import QUALITY_NAMES, states_loss

MOST_FRAME_BYTES = 64 * 1024 * 1024
"""Images up to this size are one chunk; larger ones are cut, since HDF5 readers decode whole chunks."""
MOST_CHUNK_BYTES = 2**31 - 1024
"""Of Blosc2."""

_SIDE_MULTIPLE = 32


class Frames:
    """How the chunks of one dataset are made."""

    name = ""
    filter_id = 0
    filter_options: Tuple[int, ...] = ()
    crew = Crew(workers=1, threads=1, reads_ahead=True)
    """Its workers may call ``encode`` at the same time."""

    def __init__(self, plan: planning.Plan, means: Means) -> None:
        self.plan = plan
        self.means = means

    def encode(self, samples: NDArray[Any], part_in_use: float) -> Optional[bytes]:
        """A chunk, padding included; None: it would not get smaller. ``part_in_use``: of the samples, 0 to 1."""
        raise NotImplementedError

    def notes(self) -> List[str]:
        """Sentences about what was not quite as asked, in all chunks so far."""
        return []

    def lossless(self) -> Frames:
        """Of the same dataset."""
        kept = {name: value for name, value in self.plan.parameters.items() if name not in QUALITY_NAMES}
        return type(self)(replace(self.plan, parameters=kept, ratio=None), self.means)


class Htj2kFrames(Frames):
    """Filter 32033: the chunk is a codestream of one image, without boxes."""

    name = "htj2k"
    filter_id = HTJ2K_FILTER
    filter_options = ()  # the filter itself puts in what it needs

    def __init__(self, plan: planning.Plan, means: Means) -> None:
        super().__init__(plan, means)
        chunk_count = math.prod(-(-whole // part) for whole, part in zip(plan.shape, plan.chunks))
        chunk_bytes = math.prod(plan.chunks) * plan.dtype.itemsize
        self.crew = Crew.within(means, chunk_bytes, chunk_count, is_lossy=states_loss(plan.parameters))
        self.lowered: List[int] = []  # counts, of each chunk that needed it

    def encode(self, samples: NDArray[Any], part_in_use: float) -> Optional[bytes]:
        def encode(image: NDArray[Any], part: float) -> Optional[bytes]:
            return self._encode(image, tighten(self.plan.parameters, part_in_use * part))

        rmse = _rmse_of(tighten(self.plan.parameters, part_in_use), 8 * samples.dtype.itemsize)
        try:
            stored, lowered = encode_below_top(encode, samples, rmse)
        except NoRoomError:
            return self.lossless().encode(samples, part_in_use)
        if lowered:
            self.lowered.append(lowered)
        return stored

    def notes(self) -> List[str]:
        if not self.lowered:
            return []
        return [
            f"samples at the top of {self.plan.dtype} were lowered by up to {max(self.lowered)} counts in "
            f"{len(self.lowered)} chunks, since hdf5plugin's decoder would have read some of them as the lowest value"
        ]

    def _encode(self, samples: NDArray[Any], parameters: Mapping[str, Any]) -> Optional[bytes]:
        return _native.encode_block(
            samples.reshape(-1).view(np.uint8),
            dtype=samples.dtype.str,
            block_shape=samples.shape,
            array_shape=self.plan.shape,
            parameters=Params(**{"num_threads": self.crew.threads, **parameters}).to_dict(),
            is_whole=True,
        )


class Blosc2Frames(Frames):
    """Filter 32026: the chunk is a Blosc2 array of one chunk, in one or several blocks."""

    name = "blosc2"
    filter_id = BLOSC2_FILTER
    # One worker: Python's lock is held while Blosc2 encodes, and its own threads share the blocks.

    def __init__(self, plan: planning.Plan, means: Means) -> None:
        super().__init__(plan, means)
        self.cparams = arrays.merge_cparams({"nthreads": means.jobs}, 0)
        self.filter_options = blosc2_filter_options(plan.blocks, plan.dtype)

    def encode(self, samples: NDArray[Any], part_in_use: float) -> Optional[bytes]:
        plan = self.plan
        meta = {METALAYER: _shorten(tighten(plan.parameters, part_in_use))}
        array = blosc2.asarray(samples, chunks=plan.chunks, blocks=plan.blocks, cparams=self.cparams, meta=meta)
        # A frame even where it is larger than the samples: b2h5py takes no notice of chunks that are raw.
        return bytes(array.to_cframe())


def blosc2_filter_options(blocks: Sequence[int], dtype: np.dtype[Any]) -> Tuple[int, ...]:
    """The filter adds what is missing: sizes of item and chunk, and the chunk's shape. No shuffle, codec 37."""
    return (0, math.prod(blocks) * dtype.itemsize, 0, 0, 5, 0, GROK_CODEC)


def tighten(parameters: Mapping[str, Any], part_in_use: float) -> Dict[str, Any]:
    """An error that is counted over padding, too, must be smaller to be kept where samples are."""
    changed = dict(parameters)
    if part_in_use < 1:
        decibels = -10 * math.log10(part_in_use)
        if changed.get("rmse") is not None:
            changed["rmse"] *= math.sqrt(part_in_use)
        if changed.get("psnr") is not None:
            changed["psnr"] += decibels
        if changed.get("quality_mode") == "dB":
            changed["quality_layers"] = [layer + decibels for layer in changed["quality_layers"]]
    return changed


def _rmse_of(parameters: Mapping[str, Any], bits: int) -> Optional[float]:
    """What a quality allows, in counts; None: no error is promised."""
    if parameters.get("rmse") is not None:
        return float(parameters["rmse"])
    decibels = parameters.get("psnr")
    if decibels is None and parameters.get("quality_mode") == "dB":
        decibels = parameters["quality_layers"][-1]
    return None if decibels is None else float((2**bits - 1) / 10 ** (decibels / 20))


def _shorten(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """Without what is the default: each chunk has a copy."""
    defaults = _native.normalize({})
    complete = _native.normalize(Params(**parameters).to_dict())
    return {name: value for name, value in complete.items() if value != defaults[name]}


def obstacle_to_htj2k(
    dtype: np.dtype[Any], chunks: Sequence[int], roles: Roles, coder: str, parameters: Mapping[str, Any]
) -> Optional[str]:
    """Why filter 32033 can't hold such chunks; None: it can."""
    if dtype.kind not in "ui" or dtype.itemsize > 2:
        return f"dtype {dtype}: only integers of 8 and 16 bits"
    if not dtype.isnative:
        return f"dtype {dtype.str}: only {sys.byteorder}-endian samples"
    long = [axis for axis, extent in enumerate(chunks) if extent > 1]
    if [axis for axis in (roles.row, roles.column, roles.channel) if axis in long] != long:
        return f"chunks {tuple(chunks)} hold more than one image"
    if len(long) == 3 and chunks[long[2]] != 3:
        return f"chunks {tuple(chunks)} have {chunks[long[2]]} channels: only 1 and 3"
    params = Params(**parameters)
    if not int(params.mode) & int(GrkMode.HT):
        reason = reason_for_part1(params) or "the mode in params"
        return "coder='part1'" if coder == "part1" else f"{reason} means Part 1"
    for name in ("max_error", "keep"):
        if parameters.get(name):
            return f"{name}: its codestreams hold mapped samples, which only this package reads"
    if params.cod_format is GrkFileFmt.GRK_FMT_JP2 and "cod_format" in parameters:
        return "cod_format JP2: only bare codestreams"
    return None


def pick_chunk(shape: Sequence[int], roles: Roles, itemsize: int, is_single_image: bool) -> Shape:
    """One image, cut where it is larger than MOST_FRAME_BYTES; or several where they are less than 64 KiB each."""
    sides = [axis for axis in (roles.row, roles.column) if axis is not None]
    chunk = [1] * len(shape)
    for axis in (*sides, roles.channel):
        if axis is not None:
            chunk[axis] = shape[axis]
    while math.prod(chunk) * itemsize > MOST_FRAME_BYTES:
        longest = max(sides, key=lambda axis: chunk[axis])
        chunk[longest] = -(-chunk[longest] // (2 * _SIDE_MULTIPLE)) * _SIDE_MULTIPLE
    if not is_single_image and math.prod(chunk) * itemsize < LEAST_BLOCK_BYTES:
        return pick_blocks(shape, roles, itemsize)
    return tuple(chunk)
