# SPDX-License-Identifier: BSD-3-Clause
"""What plain h5py needs to store with this codec by itself, and how to check that it did."""

from __future__ import annotations

import math
import operator
from typing import Any, Dict, Sequence

import numpy as np

from ..containers import chunk_infos
from .frames import MOST_CHUNK_BYTES, Blosc2Frames, blosc2_filter_options

_ITEM_BYTES = (1, 2, 4, 8)


def hdf5_options(chunks: Sequence[int], dtype: Any, **quality: Any) -> Dict[str, Any]:
    """Keyword arguments that make ``h5py``'s ``create_dataset`` store JPEG 2000 without loss, by Blosc2's filter::

        import blosc2_grok, h5py, hdf5plugin
        from blosc2_grok.hdf5 import count_raw_chunks, hdf5_options

        dataset = file.create_dataset("frames", data=frames, **hdf5_options((1, 2048, 2048), frames.dtype))
        assert count_raw_chunks(dataset) == 0

    HDF5 treats the filter as optional: a chunk that the codec can't store (its library isn't found, or the samples
    don't get smaller) is stored as it is, in silence. Bit 0 of its filter mask tells: count them. A reader with
    hdf5plugin but without this package fails on the chunks that are not raw.

    :param chunks: of the dataset; each is coded for itself. One image is the best choice.
    :param dtype: of the dataset: items of 1, 2, 4 or 8 bytes.
    :param quality: none can be given: HDF5's filter has no room for one, see :func:`write_dataset`.
    :raises ValueError: a quality was given, or a chunk is too large.
    """
    if quality:
        raise ValueError(
            f"{', '.join(sorted(quality))}: HDF5's filter can carry no quality, it stores without loss only: "
            "write_dataset() takes one"
        )
    shape = tuple(operator.index(n) for n in chunks)
    item = np.dtype(dtype)
    if item.itemsize not in _ITEM_BYTES or item.kind not in "buifc":
        raise TypeError(f"dtype {item}: the filter stores numbers of 1, 2, 4 or 8 bytes")
    if not shape or min(shape) < 1:
        raise ValueError(f"chunks is {chunks!r}: it must be lengths of 1 or more")
    chunk_bytes = math.prod(shape) * item.itemsize
    if chunk_bytes > MOST_CHUNK_BYTES:
        raise ValueError(f"chunks {shape} have {chunk_bytes} bytes each: at most {MOST_CHUNK_BYTES} are possible")
    options = blosc2_filter_options(shape, item)
    return {"chunks": shape, "compression": Blosc2Frames.filter_id, "compression_opts": options}


def count_raw_chunks(dataset: Any) -> int:
    """How many chunks of an h5py dataset are stored raw, past its filter: with bit 0 of their filter mask set."""
    return sum(info.filter_mask & 1 for info in chunk_infos(dataset))
