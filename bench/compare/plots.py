# SPDX-License-Identifier: BSD-3-Clause
"""SVG plots of the results."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Sequence

Curve = Sequence[tuple[float, float]]


def curves(
    path: Path, title: str, x_label: str, y_label: str, lines: Mapping[str, Curve], logarithmic: str = ""
) -> None:
    """A line a codec, ours thicker. ``logarithmic``: "x", "y" or "xy"."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "compare", "font.size": 9})  # the same names of elements each time
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.5, 4.5), layout="constrained")
    for number, (name, points) in enumerate(lines.items()):
        is_ours = name.startswith("blosc2_grok")
        style = {"linewidth": 2.5 if is_ours else 1, "marker": "os^vDx+*"[number % 8], "markersize": 4}
        axes.plot(*zip(*sorted(points)), label=name, color=f"C{number % 10}",
                  linestyle="-" if number < 10 else "--", **style)  # fmt: skip
    if "x" in logarithmic:
        axes.set_xscale("log")
        marked = sorted({x for points in lines.values() for x, _ in points})
        if all(float(x).is_integer() for x in marked):  # sizes, threads
            axes.set_xticks(marked, [f"{x:.0f}" for x in marked])
            axes.minorticks_off()
    if "y" in logarithmic:
        axes.set_yscale("log")
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    figure.legend(fontsize=7, loc="outside right upper")  # off the curves
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
