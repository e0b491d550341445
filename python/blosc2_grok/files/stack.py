# SPDX-License-Identifier: BSD-3-Clause
"""An array whose samples are read when they are asked for: what all inputs look like to the rest."""

from __future__ import annotations

import itertools
import math
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from ..partition import Region, Roles, Shape, resolve_roles
from ..reading import expand_key

Index = Tuple[int, ...]


class Stack:
    """``shape``, ``dtype`` and slices, as of a NumPy array, for the samples of a file.

    :param name: what to call it in messages.
    :param read: gives the samples of a region (one slice of step 1 an axis) as an array of its shape.
    :param close: gives files back.
    :param lossy: says, when asked, why the samples are not those that a detector gave; None: they may be.
    """

    def __init__(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any,
        read: Callable[[Region], NDArray[Any]],
        *,
        close: Callable[[], None] = lambda: None,
        lossy: Callable[[], Optional[str]] = lambda: None,
    ) -> None:
        self.name = name
        self.shape: Shape = tuple(int(n) for n in shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._read = read
        self._close = close
        self._lossy = lossy

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def why_lossy(self) -> Optional[str]:
        """Why the samples have a loss behind them already; None where nothing says so."""
        return self._lossy()

    def roles(self) -> Roles:
        """Which axes are rows, columns and channels, by the rule for arrays without a layout."""
        return resolve_roles(self.shape, None, self.dtype.itemsize)

    def image_shape(self) -> Shape:
        """Rows and columns, and channels if there are any."""
        return self.shape[len(self.stack_shape()) :]

    def stack_shape(self) -> Shape:
        """The axes before those of an image; empty for a single one."""
        roles = self.roles()
        sides = [axis for axis in (roles.row, roles.column, roles.channel) if axis is not None]
        return self.shape[: min(sides, default=0)]

    def images(self) -> Iterator[Tuple[Index, NDArray[Any]]]:
        """Each image with its index along the stack's axes, one after another."""
        for index in itertools.product(*(range(n) for n in self.stack_shape())):
            yield index, self[index]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Integers, slices with positive steps, and one ellipsis."""
        starts: List[slice] = []
        steps: List[slice] = []
        picked: List[Any] = []
        for axis, (item, extent) in enumerate(zip(expand_key(key, self.ndim), self.shape)):
            if isinstance(item, slice):
                start, stop, step = item.indices(extent)
                if step < 1:
                    raise ValueError(f"step {step} along axis {axis}: it must be positive")
                starts.append(slice(start, max(start, stop)))
                picked.append(slice(None))
            else:
                start, step = item + extent if item < 0 else item, 1
                if not 0 <= start < extent:
                    raise IndexError(f"index {item} is out of bounds for axis {axis} with size {extent}")
                starts.append(slice(start, start + 1))
                picked.append(0)
            steps.append(slice(None, None, step))
        samples = np.asarray(self._read(tuple(starts)), dtype=self.dtype)
        return np.asarray(samples[tuple(steps)][tuple(picked)])

    def close(self) -> None:
        self._close()

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ImageReader:
    """Reads regions of a stack that is stored as whole images, each of which must be decoded in one piece."""

    def __init__(self, lead: Shape, image: Shape, dtype: np.dtype[Any], load: Callable[[int], NDArray[Any]]) -> None:
        self.lead = lead
        self.image = image
        self.dtype = dtype
        self._load = load
        self._last: Tuple[int, Optional[NDArray[Any]]] = (-1, None)  # parts of one image are asked for in turn

    def __call__(self, region: Region) -> NDArray[Any]:
        outer, inner = region[: len(self.lead)], region[len(self.lead) :]
        is_whole = all(part == slice(0, n) for part, n in zip(inner, self.image))
        shape = [part.stop - part.start for part in region]
        if math.prod(shape[: len(self.lead)]) == 1:
            return self._image(outer, keeps=not is_whole)[inner].reshape(shape)
        out = np.empty(shape, dtype=self.dtype)
        for position in itertools.product(*(range(n) for n in shape[: len(self.lead)])):
            at = tuple(slice(part.start + n, part.start + n + 1) for part, n in zip(outer, position))
            out[position] = self._image(at, keeps=False)[inner]
        return out

    def _image(self, at: Region, keeps: bool) -> NDArray[Any]:
        index = (part.start for part in at)
        number = int(np.ravel_multi_index(tuple(index), self.lead)) if self.lead else 0
        if self._last[0] == number and self._last[1] is not None:
            return self._last[1]
        self._last = (-1, None)  # frees it before the next one is there
        image = np.asarray(self._load(number), dtype=self.dtype)
        if image.shape != self.image:
            raise ValueError(f"image {number} has shape {image.shape}, the others have {self.image}")
        if keeps:
            self._last = (number, image)
        return image
