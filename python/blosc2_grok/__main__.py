# SPDX-License-Identifier: BSD-3-Clause
"""``python -m blosc2_grok``: what is installed, and whether it works; with a verb, the command ``blosc2-grok``."""

from __future__ import annotations

import argparse
import json
import sys
from typing import List, Optional

from . import _native, diagnose, selftest

_OWN = ("--diagnose", "--list", "--selftest")


def main(arguments: Optional[List[str]] = None) -> int:
    """Returns the exit status. Without a verb nothing but this package is needed; 1: a check failed."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] not in _OWN:
        from .cli import main as run

        return run(given)
    parser = argparse.ArgumentParser(prog="python -m blosc2_grok", description=__doc__)
    parser.add_argument("--diagnose", action="store_true", help="print versions, engines and paths as JSON")
    parser.add_argument("--list", action="store_true", help="print the engines, one a line")
    parser.add_argument("--selftest", action="store_true", help="store small images and read them back")
    options = parser.parse_args(given)
    everything = not given
    if options.diagnose or everything:
        print(json.dumps(diagnose(), indent=2))
    if options.list:
        for engine in _native.build_info().get("engines", []):
            print(engine.get("name"), engine.get("version"), engine.get("licence"))
    if options.selftest or everything:
        checks = selftest()
        for check in checks:
            print("ok  " if check.ok else "FAIL", check.name, check.detail)
        return 0 if all(check.ok for check in checks) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
