# SPDX-License-Identifier: BSD-3-Clause
"""Introduces: the example of blosc2-grok's README, unchanged but for the photo: a JP2 file for each block, of 5 dB."""

import blosc2
import numpy as np
from skimage import data

import blosc2_grok

# Parameters of all arrays that this process makes from here on
kwargs = {}
kwargs["cod_format"] = blosc2_grok.GrkFileFmt.GRK_FMT_JP2
kwargs["quality_mode"] = "dB"
kwargs["quality_layers"] = np.array([5], dtype=np.float64)
blosc2_grok.set_params_defaults(**kwargs)

# The codec wants whole blocks as they are: no filters, no splitting
cparams = {
    "codec": blosc2.Codec.GROK,
    "filters": [],
    "splitmode": blosc2.SplitMode.NEVER_SPLIT,
}

np_array = data.astronaut()  # or np.asarray(PIL.Image.open("photo.png"))
bl_array = blosc2.asarray(
    np_array,
    chunks=np_array.shape,
    blocks=np_array.shape,
    cparams=cparams,
    urlpath="photo.b2nd",
    mode="w",
)
print(bl_array.info)

error = bl_array[:].astype(float) - np_array
decibels = 10 * np.log10(255**2 / np.mean(error**2))
assert decibels >= 5
print(f"{decibels:.1f} dB, {np_array.nbytes / bl_array.schunk.cbytes:.0f} times smaller: 40 dB is a good picture")
