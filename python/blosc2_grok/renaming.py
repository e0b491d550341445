# SPDX-License-Identifier: BSD-3-Clause
"""Files that get their names when they are complete."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional


def target_path(blosc2_kwargs: Dict[str, Any]) -> Optional[str]:
    """Where the array shall be in the end; None: in memory, or where files can't be renamed."""
    urlpath = blosc2_kwargs.get("urlpath")
    if urlpath is None or "://" in os.fspath(urlpath):
        return None
    path = os.path.abspath(str(os.fspath(urlpath)))
    mode = blosc2_kwargs.get("mode", "a")
    if blosc2_kwargs.get("mmap_mode") is not None:
        mode = "w"
    if mode not in ("w", "x", "a"):
        raise ValueError(f"mode is {mode!r}: it must be 'w' (replace), 'x' or 'a' (must not exist) for a new array")
    if mode != "w" and os.path.lexists(path):
        raise FileExistsError(f"{path} exists: mode='w' replaces it")
    return path


def temporary_mark() -> str:
    """For a name that nobody else takes."""
    return f"{uuid.uuid4().hex[:12]}.tmp"


def temporary_name(target: str, suffix: str = "") -> str:
    """A hidden name beside ``target``; ``suffix`` is for writers that go by one."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name}.{temporary_mark()}{suffix}")


@contextmanager
def temporary_path(target: str, mode: str) -> Iterator[str]:
    """A name beside ``target`` to write to; what is there in the end, and closed, gets the name ``target``."""
    temporary = temporary_name(target)
    try:
        yield temporary
        _rename(temporary, target, mode)
    finally:
        remove(temporary)


def _rename(temporary: str, target: str, mode: str) -> None:
    if mode == "w" or os.path.isdir(temporary):
        if os.path.isdir(target) or os.path.isdir(temporary):
            remove(target)
        os.replace(temporary, target)
    else:
        os.link(temporary, target)  # unlike a rename, it fails when somebody else was faster


def remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)
