# SPDX-License-Identifier: BSD-3-Clause
"""Room on the disk, taken before HDF5 wants it: once HDF5 itself runs out of it, a file can't be opened any more."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Any, Optional

from .. import arrays
from ..errors import Error

MARGIN = 1 << 20
"""Bytes for HDF5's own tables, which it writes when it likes."""
STEP = 16 << 20
"""Bytes taken at once, where there are as many."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Room:
    """What is taken of the disk beyond the end of an HDF5 file, as long as a dataset is being written."""

    def __init__(self, h5: Any) -> None:
        self._file = h5.file
        # Other drivers have no descriptor, or several; other systems no fallocate. There, HDF5 is on its own.
        has_descriptor = self._file.driver == "sec2"
        self._descriptor: Optional[int] = int(self._file.id.get_vfd_handle()) if has_descriptor else None
        self._fallocate: Any = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)

    def reserve(self, size: int) -> None:
        """So that the file can grow by ``size`` bytes and a margin. Error: it can't; nothing has changed."""
        if self._descriptor is None or self._fallocate is None:
            return
        wanted = size + MARGIN
        end = int(self._file.id.get_filesize())
        if os.fstat(self._descriptor).st_size - end >= wanted:
            return
        failure = self._take(end, wanted + STEP)
        if failure in FULL:
            failure = self._take(end, wanted)
        if failure in FULL:
            raise Error(
                f"{self._file.filename} can't grow by {wanted} bytes ({os.strerror(failure)}): "
                f"{arrays.describe_room(self._file.filename)}"
            )

    def _take(self, end: int, size: int) -> int:
        """0 or an error's number. glibc's posix_fallocate would write zeros where the file system can't do it."""
        done = self._fallocate(self._descriptor, 0, ctypes.c_int64(end), ctypes.c_int64(size))
        return 0 if done == 0 else ctypes.get_errno()

    def give_back(self) -> None:
        """The file ends where HDF5 says, again."""
        if self._descriptor is not None and self._file:
            end = int(self._file.id.get_filesize())
            if os.fstat(self._descriptor).st_size > end:
                os.ftruncate(self._descriptor, end)


def is_full(error: Optional[BaseException]) -> bool:
    """Whether the cause, or HDF5's words, are those of a full disk."""
    while error is not None:
        said = str(error)
        if getattr(error, "errno", None) in FULL or any(f"errno = {number}," in said for number in FULL):
            return True
        error = error.__context__
    return False
