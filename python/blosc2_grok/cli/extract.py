# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok extract``: the stored blocks as JP2 files, whose names say where they belong."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Tuple

import click

from ..blocks import StoredBlock
from ..errors import Error
from ..files.inputs import split_spec
from ..renaming import remove, temporary_name
from .options import opened_store, parse_shape

_EPILOG = """\b
Names: STEM_at-START_of-SHAPE.jp2, in samples along each axis, as in
scan_at-0012-0000-0512_of-1-512-512.jp2; .j2k or .jph where blocks are such.

Example:
  blosc2-grok extract scan.b2nd jp2/ --image 12"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="FILE")
@click.argument("folder", metavar="FOLDER")
@click.option("--image", "index", help="Blocks of this image of a stack only; '3,4' of two axes.")
def extract(source: str, folder: str, index: Optional[str]) -> None:
    """Writes the JPEG 2000 blocks of FILE into FOLDER, which must not exist yet, as files of their own.

    Nothing is decoded. Blocks that are stored otherwise (raw, constant) are counted.
    """
    stem = os.path.splitext(os.path.basename(split_spec(source)[0]))[0]
    wanted = parse_shape(index) or ()
    written, others = 0, 0
    with opened_store(source) as store, new_folder(folder) as temporary:
        for block, digits in _placed(store):
            if 0 in block.shape or not _is_of(block, wanted):
                continue
            if block.kind not in ("jp2", "j2k"):
                others += 1
                continue
            with open(os.path.join(temporary, file_name(stem, block, digits)), "wb") as file:
                file.write(block.data)
            written += 1
        if not written:
            raise Error(f"{source} has no JPEG 2000 blocks{' of image ' + index if index else ''}")
    click.echo(f"{folder}: {written} files" + (f"; {others} blocks are stored otherwise" if others else ""))


def _placed(store: Any) -> Iterator[Tuple[StoredBlock, Tuple[int, ...]]]:
    """Each block, with the number of digits that coordinates take along each axis."""
    from ..blocks import placed_blocks
    from ..containers import open_container

    container = open_container(store)
    shape = container.shape or (max(len(container), 1) * 2**31,)
    digits = tuple(len(str(max(n - 1, 0))) for n in shape)
    for number in range(len(container)):
        for block in placed_blocks(container, number):
            yield block, digits


def _is_of(block: StoredBlock, wanted: Tuple[int, ...]) -> bool:
    return all(start <= n < start + extent for n, start, extent in zip(wanted, block.start, block.shape))


def file_name(stem: str, block: StoredBlock, digits: Tuple[int, ...]) -> str:
    """Where the block's first sample is, in as many digits as the array's extents have, and how much it holds."""
    at = "-".join(f"{n:0{width}}" for n, width in zip(block.start, digits))
    of = "-".join(str(n) for n in block.shape)
    is_ht = block.kind == "jp2" and block.data[20:24] == b"jph "
    return f"{stem}_at-{at or '0'}_of-{of or '1'}.{'jph' if is_ht else block.kind}"


@contextmanager
def new_folder(path: str) -> Iterator[str]:
    """A temporary folder that gets its name in the end, or is removed.

    :raises FileExistsError: there is something of this name that is no empty folder.
    """
    target = os.path.abspath(path)
    if os.path.lexists(target) and not (os.path.isdir(target) and not os.listdir(target)):
        raise FileExistsError(f"{path} exists and is not an empty folder")
    temporary = temporary_name(target)
    os.makedirs(temporary)
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        remove(temporary)
