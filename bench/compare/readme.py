# SPDX-License-Identifier: BSD-3-Clause
"""Puts the last run's one table into the project's README, between its markers."""

from __future__ import annotations

from pathlib import Path

BEGIN = "<!-- side by side: written by bench/compare --readme -->"
END = "<!-- side by side ends -->"
BEFORE = "## Documentation\n"  # where it goes the first time


def insert(summary: Path, readme: Path) -> None:
    """Replaces what is between the markers; the first time, they and a heading are added.

    :raises FileNotFoundError: no full run has left its summary.
    :raises ValueError: the README has neither the markers nor the heading that they would go before.
    """
    text, table = readme.read_text(), summary.read_text().strip("\n")
    if BEGIN in text and END in text:
        head, rest = text.split(BEGIN, 1)
        tail = rest.split(END, 1)[1]
    elif BEFORE in text:
        head, tail = text.split(BEFORE, 1)
        head, tail = f"{head}### Side by side\n\n", f"\n\n{BEFORE}{tail}"
    else:
        raise ValueError(f"{readme} has no {BEGIN!r}, and no heading {BEFORE.strip()!r} to put it before")
    partial = readme.with_name(f".{readme.name}.partial")
    partial.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}")
    partial.replace(readme)
