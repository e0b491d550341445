# SPDX-License-Identifier: BSD-3-Clause
"""Other people's files as stacks of images: read image by image, and written under a temporary name until complete."""

from .inputs import open_stack, split_spec
from .outputs import replacing, write_npy, write_plain_hdf5, write_tiff
from .stack import Stack

__all__ = ["Stack", "open_stack", "replacing", "split_spec", "write_npy", "write_plain_hdf5", "write_tiff"]
