# SPDX-License-Identifier: BSD-3-Clause
"""The command ``blosc2-grok``: JPEG 2000 in Blosc2 and HDF5 for those who work in a shell.

Exit codes: 0 done; 1 it failed, or was refused; 2 wrong use; 3 a check found damage, or more loss than is allowed;
130 interrupted.
"""

from __future__ import annotations

import sys
from typing import List, NoReturn, Optional

NEEDED = "the command line needs {name}: pip install 'blosc2-grok[cli]'"


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the command; returns the exit code."""
    try:
        from .group import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        print(NEEDED.format(name=error.name), file=sys.stderr)
        return 1
    return run(arguments)


def script() -> NoReturn:
    """What ``blosc2-grok`` calls."""
    sys.exit(main())
