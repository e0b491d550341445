# SPDX-License-Identifier: BSD-3-Clause
"""The demo's images, out of PyPI packages: pydicom_data (radiograph and CT) and scikit-image (photo)."""

import importlib.util
from pathlib import Path

import numpy as np


def _inside(package, *path):
    """A file that comes with an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]).joinpath(*path)


def _dicom(name):
    import pydicom

    return np.ascontiguousarray(pydicom.dcmread(_inside("data_store", "data", name)).pixel_array)


def radiograph():
    """Chest radiograph, 1955 x 1841, uint16 with 15 bits used."""
    return _dicom("RG1_UNCR.dcm")


def ct_slice():
    """CT slice, 512 x 512, int16 from -2000 to 2492."""
    return _dicom("693_UNCR.dcm")


def photo():
    """NASA's portrait of Eileen Collins, 512 x 512 x 3, uint8."""
    from PIL import Image

    return np.asarray(Image.open(_inside("skimage", "data", "astronaut.png")).convert("RGB"))


def stack(frames=8, rows=512, columns=640):
    """A small stack: a window that moves over the radiograph in steps of 60 rows and 40 columns."""
    image = radiograph()
    return np.stack([image[60 * n : 60 * n + rows, 40 * n : 40 * n + columns] for n in range(frames)])
