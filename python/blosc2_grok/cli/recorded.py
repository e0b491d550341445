# SPDX-License-Identifier: BSD-3-Clause
"""What the blocks of an array tell of themselves, without decoding: how they are stored, by whom, and their errors."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple
from typing import Counter as CounterType

from .. import _native
from ..blocks import StoredBlock, placed_blocks
from ..containers import open_container
from ..errors import Error
from ..partition import resolve_roles

Index = Tuple[int, ...]


@dataclass
class ImageRecord:
    """Recorded errors of one image of a stack; in units of the samples."""

    max_error: float = 0.0
    squares: float = 0.0
    samples: int = 0

    @property
    def rmse(self) -> float:
        return math.sqrt(self.squares / self.samples) if self.samples else 0.0


@dataclass
class Survey:
    """All blocks of an array together."""

    kinds: CounterType[str] = field(default_factory=Counter)
    """"lossless", "lossy", "earlier plugin", and those of ``StoredBlock.kind`` that are no JPEG 2000."""
    engines: CounterType[str] = field(default_factory=Counter)
    images: Dict[Index, ImageRecord] = field(default_factory=dict)
    """By index along the axes before rows and columns."""
    whole: ImageRecord = field(default_factory=ImageRecord)
    min_psnr: Optional[float] = None
    """The lowest PSNR of a lossy block, dB."""
    stored_bytes: int = 0
    first: Optional[Dict[str, Any]] = None
    """The description of the first JPEG 2000 block."""
    problems: List[str] = field(default_factory=list)


def survey(store: Any) -> Survey:
    """Reads and describes every block; damaged ones become ``problems``.

    :param store: as for :func:`blosc2_grok.verify`.
    """
    container = open_container(store)
    result = Survey()
    axes = _stack_axes(container)
    for number in range(len(container)):
        try:
            for block in placed_blocks(container, number):
                if 0 not in block.shape:
                    _add(result, block, axes)
        except (Error, RuntimeError) as error:
            result.problems.append(f"chunk {number}: {error}")
    return result


def _stack_axes(container: Any) -> int:
    """The number of axes before those of an image."""
    if container.dtype is None:
        return 0
    parameters = container.parameters() or {}
    roles = resolve_roles(container.shape, parameters.get("layout"), container.dtype.itemsize)
    return min((axis for axis in (roles.row, roles.column, roles.channel) if axis is not None), default=0)


def _add(result: Survey, block: StoredBlock, axes: int) -> None:
    result.stored_bytes += len(block.data)
    if block.kind not in ("jp2", "j2k", "unknown"):
        result.kinds[block.kind] += 1
        return
    try:
        description = _native.describe_block(block.data)
    except Error as error:
        result.kinds["damaged"] += 1
        result.problems.append(f"chunk {block.chunk}, block {block.block} at {block.start}: {error}")
        return
    if result.first is None:
        result.first = description
    if description["legacy"]:
        result.kinds["earlier plugin"] += 1
        return
    result.kinds["lossy" if description["lossy"] else "lossless"] += 1
    result.engines[f"{description['engine']} {description['engine_version']}"] += 1
    if description.get("psnr") is not None:
        result.min_psnr = min(description["psnr"], math.inf if result.min_psnr is None else result.min_psnr)
    # The mean is that of the samples in the codestream: zeros at the block's end are left out, and exact.
    part = min(_coded_samples(description) / math.prod(block.shape), 1.0) if "valid" in description else 1.0
    _record(result, block, axes, float(description.get("max_error", 0)), part * float(description.get("mse", 0)))


def _coded_samples(description: Dict[str, Any]) -> int:
    channel = description["roles"][2]
    return int(math.prod(description["valid"]) * (description["extents"][channel] if channel >= 0 else 1))


def _record(result: Survey, block: StoredBlock, axes: int, max_error: float, mse: float) -> None:
    """A block of several images counts for each of them: it does not tell which one has the error."""
    samples = math.prod(block.shape)
    _count(result.whole, max_error, mse, samples)
    first, shape = block.start[:axes], block.shape[:axes]
    images = math.prod(shape)
    for number in range(images):
        index: List[int] = []
        for start, extent in zip(reversed(first), reversed(shape)):
            index.insert(0, start + number % extent)
            number //= extent
        _count(result.images.setdefault(tuple(index), ImageRecord()), max_error, mse, samples // images)


def _count(record: ImageRecord, max_error: float, mse: float, samples: int) -> None:
    record.max_error = max(record.max_error, max_error)
    record.squares += mse * samples
    record.samples += samples


def worst_images(images: Dict[Index, ImageRecord], count: int) -> List[Tuple[Index, ImageRecord]]:
    """Those with the greatest rmse, the worst first."""
    return sorted(images.items(), key=lambda item: (-item[1].rmse, -item[1].max_error, item[0]))[:count]


def index_text(index: Index) -> str:
    """As 12 or 3, 4; of a single image -."""
    return ", ".join(str(n) for n in index) or "-"
