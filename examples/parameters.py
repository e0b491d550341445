# SPDX-License-Identifier: BSD-3-Clause
"""Introduces: parameters of the process, of one call, and of an array; and what a block says that it lost."""

import blosc2
import numpy as np

import blosc2_grok

CPARAMS = {"codec": blosc2.Codec.GROK, "filters": [], "splitmode": blosc2.SplitMode.NEVER_SPLIT}


def make_image():
    """A 12-bit detector frame: smooth hills with photon noise."""
    rows, columns = np.mgrid[0:512, 0:512]
    hills = 1500 + 900 * np.sin(rows / 40) * np.cos(columns / 55)
    return np.random.default_rng(0).poisson(hills).astype(np.uint16)


def show(name, image, array):
    error = array[:].astype(float) - image
    print(f"{name:42} ratio {image.nbytes / array.schunk.cbytes:5.2f}   rmse {np.sqrt(np.mean(error**2)):6.2f} counts")


image = make_image()
whole = {"chunks": image.shape, "blocks": image.shape}

show("factory defaults: lossless", image, blosc2.asarray(image, cparams=CPARAMS, **whole))

# For all arrays of this process that have no parameters of their own. Each call starts from the factory defaults.
blosc2_grok.set_params_defaults(quality_mode="rates", quality_layers=[8], irreversible=True)
show("process defaults: rate 8, 9/7 wavelet", image, blosc2.asarray(image, cparams=CPARAMS, **whole))
blosc2_grok.set_params_defaults()

# For one call: ten times a rate.
show("codec_meta=80: rate 8", image, blosc2.asarray(image, cparams={**CPARAMS, "codec_meta": 80}, **whole))

# For one array, kept in it. The peak of 12 bits is 4095, so 50 dB are an rmse of at most 12.9 counts.
params = blosc2_grok.Params(quality_mode="dB", quality_layers=[50], bits_per_sample=12)
array = blosc2.asarray(image, cparams=CPARAMS, meta={"grok": params.to_dict()}, **whole)
show("metalayer: 50 dB of 12 bits", image, array)

# An update codes the block again with the array's parameters. What is coded are the decoded samples and the new ones: the
# loss of the samples that stay comes on top of the one they had.
array[:100] = image[100:200]
image[:100] = image[100:200]
show("... after an update", image, array)

# What no image could mean is refused at once.
try:
    blosc2_grok.set_params_defaults(codeblock_size=(100, 100))
except ValueError as error:
    print(f"\nrefused: {error}")
