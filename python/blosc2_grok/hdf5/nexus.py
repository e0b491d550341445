# SPDX-License-Identifier: BSD-3-Clause
"""What in a file is an image stack, and which of its images are flats and darks."""

from __future__ import annotations

import itertools
import re
from typing import Any, Iterator, Optional, Sequence

import numpy as np
from numpy.typing import NDArray

from ..blocks import JPEG2000_CODECS
from ..containers import BLOSC2_FILTER, HTJ2K_FILTER, Hdf5Container, list_filters
from ..errors import Error
from ..partition import resolve_roles

LEAST_SIDE = 32
"""Rows and columns of what counts as an image: smaller ones are tables and matrices."""

_REFERENCE_BEGINNINGS = ("dark", "flat", "white", "bias", "background", "offset")
_REFERENCE_WORDS = ("ref", "refs", "reference", "references")
_KEY_NAMES = ("image_key", "image_key_control")


def is_stack(dataset: Any) -> bool:
    """Three axes or more, of which two are rows and columns; integers, or floats of 4 and 8 bytes."""
    dtype = dataset.dtype
    if dtype.kind not in "uif" or dtype.itemsize not in (1, 2, 4, 8) or not dataset.shape or 0 in dataset.shape:
        return False
    if len(dataset.shape) < 3:
        return False
    roles = resolve_roles(dataset.shape, None, dtype.itemsize)
    sides = [dataset.shape[axis] for axis in (roles.row, roles.column) if axis is not None]
    return len(sides) == 2 and min(sides) >= LEAST_SIDE


def is_reference(path: str) -> bool:
    """Whether its own name, or that of its group, speaks of flats or darks."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", "/".join(path.split("/")[-2:]))
    words = re.split(r"[^a-z]+", name.lower())
    return any(word.startswith(_REFERENCE_BEGINNINGS) or word in _REFERENCE_WORDS for word in words)


def reference_images(dataset: Any, groups: Sequence[Any]) -> Optional[NDArray[np.bool_]]:
    """Which images of a stack are flats, darks or invalid by the ``image_key`` in any of the groups that have it; None
    where there is none. 0 means a projection."""
    for key in _image_keys(groups):
        if key.shape == dataset.shape[:1] and key.dtype.kind in "ui":
            return np.asarray(key[()] != 0)
    return None


def _image_keys(groups: Sequence[Any]) -> Iterator[Any]:
    for group, name in itertools.product(groups, _KEY_NAMES):
        try:
            key = group.get(name)
        except (KeyError, OSError):  # a link to nowhere
            continue
        if hasattr(key, "shape"):
            yield key


def is_jpeg2000(dataset: Any) -> bool:
    """Whether its chunks are codestreams already, by this package or others; the first one tells."""
    if dataset.chunks is None:
        return False
    filters = list_filters(dataset)
    if filters == [HTJ2K_FILTER]:
        return True
    if filters != [BLOSC2_FILTER]:
        return False
    container = Hdf5Container(dataset)
    try:
        chunk = container.load(0)[0] if len(container) else b""
    except Error:
        return False
    return len(chunk) >= 32 and chunk[2] >> 5 == 6 and chunk[22] in JPEG2000_CODECS
