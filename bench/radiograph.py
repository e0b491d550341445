# SPDX-License-Identifier: BSD-3-Clause
"""Benchmark arrays from a real image: the chest radiograph RG1 of PyPI's pydicom_data, 1955 x 1841 uint16, 15 bits."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np


@cache
def radiograph():
    import pydicom

    folder = importlib.util.find_spec("data_store").submodule_search_locations[0]  # installed by pydicom_data
    return pydicom.dcmread(Path(folder) / "data" / "RG1_UNCR.dcm").pixel_array


def crop(rows, columns):
    """From the middle of the image."""
    image = radiograph()
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    return np.ascontiguousarray(image[top : top + rows, left : left + columns])


def stack(frames, side):
    """Squares spread evenly over the image; they overlap where there are more than the image holds."""
    image = radiograph()
    count = int(np.ceil(np.sqrt(frames)))
    tops = np.linspace(0, image.shape[0] - side, count).astype(int)
    lefts = np.linspace(0, image.shape[1] - side, count).astype(int)
    return np.stack([image[t : t + side, left : left + side] for t in tops for left in lefts][:frames])
