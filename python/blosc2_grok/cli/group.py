# SPDX-License-Identifier: BSD-3-Clause
"""The verbs together, each imported when it is called, and what errors and signals become."""

from __future__ import annotations

import ctypes
import signal
import sys
from importlib import import_module
from typing import Any, List, NoReturn, Optional

import click

from .. import _native
from ..errors import Error

FAILED, MISUSED, FOUND, INTERRUPTED = 1, 2, 3, 130

_VERBS = ("compress", "decompress", "info", "preview", "extract", "check", "bench", "diagnose", "selftest")

_EPILOG = """\b
Examples:
  blosc2-grok compress scan.tif scan.b2nd --noise 0.25
  blosc2-grok compress raw.h5::/entry/data out.h5::/entry/data --ratio 6
  blosc2-grok check scan.b2nd scan.tif
  blosc2-grok bench raw.h5::/entry/data --plot choice.png

Exit codes: 0 done, 1 failed or refused, 2 wrong use, 3 a check found damage
or too much loss, 130 interrupted."""


class Verbs(click.Group):
    """Errors of a verb end with one sentence and an exit code; others than ours keep their traceback."""

    def list_commands(self, ctx: click.Context) -> List[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:
        if cmd_name not in _VERBS:
            return None
        command = getattr(import_module(f".{cmd_name}", __package__), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (Error, OSError, ValueError, TypeError, MemoryError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            click.echo(f"error: {error or type(error).__name__}", err=True)
            ctx.exit(FAILED)


@click.group(cls=Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_native.version(), prog_name="blosc2-grok")
def cli() -> None:
    """Stores images as JPEG 2000 in Blosc2 arrays and HDF5: without loss, or with as much as you state.

    Reads npy, TIFF (pages, folders, any size), PNG, DICOM, HDF5 (FILE.h5::/DATASET) and b2nd, image by image.
    """


def run(arguments: Optional[List[str]]) -> int:
    """The exit code. A termination by SIGTERM cleans up as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminate)
    _keep_heap_small()
    try:
        cli.main(args=arguments, prog_name="blosc2-grok", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _keep_heap_small() -> None:
    """Threads of glibc otherwise keep what they freed to themselves, and all of them images: two or three at last."""
    arena_max, mmap_threshold = -8, -3  # M_ARENA_MAX and M_MMAP_THRESHOLD of malloc.h
    try:
        library = ctypes.CDLL(None)
        library.mallopt(arena_max, 1)
        library.mallopt(mmap_threshold, 256 * 1024)
    except AttributeError:
        pass  # another C library


def _terminate(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)
