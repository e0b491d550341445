# SPDX-License-Identifier: BSD-3-Clause
"""HDF5: datasets written chunk by chunk as JPEG 2000, with or without loss, and whole files carried over.

Needs h5py and hdf5plugin: ``pip install blosc2-grok[hdf5]``. See docs/hdf5.md for who reads what.
"""

from __future__ import annotations

from .converting import convert_file
from .copying import CopiedDataset, copy_file
from .plain import count_raw_chunks, hdf5_options
from .writing import write_dataset

__all__ = ["CopiedDataset", "convert_file", "copy_file", "count_raw_chunks", "hdf5_options", "write_dataset"]
