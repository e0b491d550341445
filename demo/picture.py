# SPDX-License-Identifier: BSD-3-Clause
"""Originals, decoded images and amplified differences side by side, as one PNG."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

SIDE = 4.2  # of one image, in inches


def draw(path, rows):
    """Writes the picture.

    :param rows: tuples (what, how stored, original, decoded, window); images are 2-D, or colour with three channels;
        window is the range of counts shown as black to white, or None for colour.
    """
    figure, grid = plt.subplots(len(rows), 3, figsize=(3.4 * SIDE, 1.08 * SIDE * len(rows)), layout="constrained")
    for row, axes in zip(rows, grid):
        _draw_row(figure, axes, *row)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _draw_row(figure, axes, what, how, original, decoded, window):
    difference = decoded.astype(np.float64) - original
    rmse, largest = np.sqrt(np.mean(difference**2)), np.abs(difference).max()
    scale = max(4 * rmse, 1.0)
    noise = _noise(original)
    axes[0].set_title(f"{what}: original" + (f"\nnoise about {noise:.1f} counts" if window else ""))
    axes[1].set_title(how)
    if window:
        grey = {"cmap": "gray", "vmin": window[0], "vmax": window[1], "interpolation": "nearest"}
        axes[0].imshow(original, **grey)
        figure.colorbar(axes[1].imshow(decoded, **grey), ax=axes[1], shrink=0.9, label="counts (both images)")
        shown = axes[2].imshow(difference, cmap="RdBu_r", vmin=-scale, vmax=scale, interpolation="nearest")
        figure.colorbar(shown, ax=axes[2], shrink=0.9, label="decoded - original, counts")
        amplified = (window[1] - window[0]) / (2 * scale)
        axes[2].set_title(f"difference, contrast {amplified:.0f} times that of the images\n"
                          f"rmse {rmse:.1f}, largest {largest:.0f} counts")
    else:
        axes[0].imshow(original)
        axes[1].imshow(decoded)
        axes[2].imshow(np.clip(0.5 + difference / (2 * scale), 0, 1))  # each channel for itself; grey: no difference
        axes[2].set_title(f"difference, contrast {255 / (2 * scale):.0f} times that of the images (grey: none)\n"
                          f"rmse {rmse:.1f}, largest {largest:.0f} of 255")
    for axis in axes:
        axis.set_xticks([])
        axis.set_yticks([])


def _noise(image):
    """Standard deviation of the finest detail: median of the diagonal differences of 2 x 2 samples."""
    a = image.astype(np.float64)
    detail = (a[:-1, :-1] - a[1:, :-1] - a[:-1, 1:] + a[1:, 1:]) / 2
    return np.median(np.abs(detail)) / 0.6745
