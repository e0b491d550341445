# SPDX-License-Identifier: BSD-3-Clause
"""One command that measures this codec beside everything a user would pick instead.

    python3 bench/compare [--quick] [--resume] [--only PART...] [--output FOLDER] [--wheel WHEEL]
    python3 bench/compare --readme      puts the one table of the last full run into README.md

Makes its virtual environments under build/compare, with our wheel and the peers from PyPI, runs all in turns, and
writes Markdown and SVG into bench/results. A full run takes under an hour, a quick one under five minutes; making the
environments comes on top of the first. Building our wheel wants what README.md says under Install. The pages are
written after each part, so a run that is cut leaves what it has, and --resume goes on with the next part.
"""

import os
import sys
from pathlib import Path

PARENT = Path(__file__).resolve().parents[1]
sys.path[0] = str(PARENT)

from compare import readme, venvs  # noqa: E402


def wheel_of(arguments: list[str]) -> Path | None:
    if "--wheel" not in arguments:
        return None
    return Path(arguments[arguments.index("--wheel") + 1]).resolve()


def main() -> None:
    if not {"-h", "--help"}.isdisjoint(sys.argv):
        print(__doc__)
        return
    if "--readme" in sys.argv:
        readme.insert(venvs.ROOT / "bench" / "results" / "summary.md", venvs.ROOT / "README.md")
        return
    venvs.make_all(wheel_of(sys.argv))
    python = venvs.python_of("driver")
    environment = {**os.environ, "PYTHONPATH": str(PARENT)}
    os.execve(python, [str(python), "-m", "compare.driver", *sys.argv[1:]], environment)


main()
