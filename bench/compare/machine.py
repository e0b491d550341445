# SPDX-License-Identifier: BSD-3-Clause
"""What the figures were taken on: processor, memory, load, versions."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def load() -> float:
    """Processes that wanted a core, mean of the last minute."""
    return os.getloadavg()[0]


def describe() -> list[str]:
    """Sentences about the machine and this tree."""
    model = _field("/proc/cpuinfo", "model name")
    caches = "/sys/devices/system/cpu/cpu0/cache/index3/size"
    level3 = Path(caches).read_text().strip() if Path(caches).exists() else "unknown"
    return [
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC; blosc2_grok at commit {describe_commit()}",
        f"{model}, {len(cores())} cores usable, level 3 cache {level3}; memory {_field('/proc/meminfo', 'MemTotal')}",
        f"{platform.platform()}; load before the run {load():.2f}",
    ]


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return "unknown"


def describe_commit() -> str:
    """Short hash of the tree, with a plus where it was changed since."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(git, text=True, capture_output=True)
    return done.stdout.strip() or "unknown"
