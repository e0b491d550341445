# SPDX-License-Identifier: BSD-3-Clause
"""One command that measures this codec beside everything a user would pick instead.

    python3 bench/compare [--quick] [--only PART...] [--output FOLDER] [--wheel WHEEL]

Makes its virtual environments under build/compare, with our wheel and the peers from PyPI, runs all in turns, and
writes Markdown and SVG into bench/results. A full run takes under an hour, a quick one under five minutes; making the
environments comes on top of the first. Building our wheel wants what README.md says under Install.
"""

import os
import sys
from pathlib import Path

PARENT = Path(__file__).resolve().parents[1]
sys.path[0] = str(PARENT)

from compare import venvs  # noqa: E402


def wheel_of(arguments: list[str]) -> Path | None:
    if "--wheel" not in arguments:
        return None
    return Path(arguments[arguments.index("--wheel") + 1]).resolve()


def main() -> None:
    if not {"-h", "--help"}.isdisjoint(sys.argv):
        print(__doc__)
        return
    venvs.make_all(wheel_of(sys.argv))
    python = venvs.python_of("driver")
    environment = {**os.environ, "PYTHONPATH": str(PARENT)}
    os.execve(python, [str(python), "-m", "compare.driver", *sys.argv[1:]], environment)


main()
