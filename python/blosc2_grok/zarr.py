# SPDX-License-Identifier: BSD-3-Clause
"""A codec of Zarr version 3: each chunk is stored as one JPEG 2000 codestream. Needs zarr 3.

Zarr finds it by the name ``blosc2_grok``, through the entry point that this package installs.
"""

from __future__ import annotations

import asyncio
import math
import threading
import warnings
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Union

import numpy as np
from zarr.abc.codec import ArrayBytesCodec

from . import _native, planning
from .coder import choose_mode, told_params
from .errors import Error, notices
from .params import Params

CODEC_NAME = "blosc2_grok"


@dataclass(frozen=True, init=False)
class Blosc2Grok(ArrayBytesCodec):  # type: ignore[misc,unused-ignore]
    """Chunks as JPEG 2000, for ``zarr.create_array(serializer=...)``.

    Takes what :func:`blosc2_grok.asarray` stores: bool, integers, floats and complex numbers. Which axes are rows,
    columns and channels follows from a chunk's shape, or from ``layout``, as it reaches this codec: behind a
    ``TransposeCodec`` the transposed one.

    :param params: all parameters in one, such as those of :func:`blosc2_grok.calibrate`; or give them by name.
    :param coder: "part1", "ht" (high throughput), or "auto", as of ``asarray``.
    :param parameters: by the names of :class:`blosc2_grok.Params`, a quality among them; ``mct`` left out means "auto".
        ``bits_per_sample="auto"`` needs to see the whole array: give the number.
    :raises ValueError: names parameter, value and what is allowed.
    """

    params: Params
    is_fixed_size = False

    def __init__(
        self, params: Union[Params, Mapping[str, Any], None] = None, *, coder: str = "auto", **parameters: Any
    ) -> None:
        if params is not None and parameters:
            raise ValueError("parameters are given twice: by params and by name")
        given = told_params(params if params is not None else parameters)
        checked = Params(**given)
        if checked.bits_per_sample == "auto":
            raise ValueError("bits_per_sample is 'auto': a codec of single chunks needs None or the number of bits")
        mode = choose_mode(coder, given, checked)
        object.__setattr__(self, "params", Params(**{**checked.to_dict(), "mode": mode}))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Blosc2Grok:
        """The codec as ``zarr.json`` tells it.

        :raises ValueError: an unknown parameter, or a wrong value.
        """
        if data.get("name") != CODEC_NAME:
            raise ValueError(f"the codec is named {data.get('name')!r}, not {CODEC_NAME!r}")
        return cls(**{name: _from_json(value) for name, value in data.get("configuration", {}).items()})

    def to_dict(self) -> Dict[str, Any]:
        """For ``zarr.json``: the parameters that differ from their defaults."""
        defaults = Params().to_dict()
        # These are told in any case: left out, they mean "auto".
        told = {
            name: _to_json(value)
            for name, value in self.params.to_dict().items()
            if name in ("mct", "mode") or value != defaults[name]
        }
        return {"name": CODEC_NAME, "configuration": told}

    def validate(self, *, shape: Any, dtype: Any, chunk_grid: Any) -> None:
        """TypeError for a dtype that no codestream can hold."""
        planning.check_dtype(_native_dtype(dtype))

    def compute_encoded_size(self, input_byte_length: int, _chunk_spec: Any) -> int:
        raise NotImplementedError

    async def _encode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        return await asyncio.to_thread(self._encode_sync, chunk_data, chunk_spec)

    async def _decode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        return await asyncio.to_thread(self._decode_sync, chunk_data, chunk_spec)

    def _encode_sync(self, chunk_data: Any, chunk_spec: Any) -> Any:
        dtype = planning.check_dtype(_native_dtype(chunk_spec.dtype))
        samples = np.ascontiguousarray(chunk_data.as_numpy_array(), dtype=dtype)
        return chunk_spec.prototype.buffer.from_bytes(self.encode_samples(samples))

    def _decode_sync(self, chunk_data: Any, chunk_spec: Any) -> Any:
        dtype = _native_dtype(chunk_spec.dtype)
        size = math.prod(chunk_spec.shape) * dtype.itemsize
        samples = _native.decode_block(chunk_data.to_bytes(), size)
        array = np.frombuffer(samples, dtype=dtype).reshape(chunk_spec.shape)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(array)

    def encode_samples(self, samples: np.ndarray[Any, np.dtype[Any]]) -> bytes:
        """One chunk as it is stored.

        :raises Error: the chunk can't be coded, and why.
        """
        serial = _native.message_serial()
        shape = samples.shape or (1,)
        stored = _native.encode_block(
            samples.reshape(-1).view(np.uint8),
            dtype=samples.dtype.str,
            block_shape=shape,
            parameters=self.params.to_dict(),
            capacity=_capacity(samples.nbytes),
        )
        if stored is None:
            raise Error(f"a chunk of {samples.nbytes} bytes takes more than {_capacity(samples.nbytes)} when coded")
        thread = threading.get_native_id()
        for notice in notices(serial):
            if notice.thread == thread:
                warnings.warn(notice.text, stacklevel=2)
        return stored


def _capacity(samples_bytes: int) -> int:
    """Unlike Blosc2, Zarr has no raw chunks for what gets larger: noise does by some percent, and by headers."""
    return samples_bytes + samples_bytes // 4 + 65536


def _native_dtype(dtype: Any) -> np.dtype[Any]:
    """NumPy's, in this machine's byte order: Zarr's dtypes have none when they are read again."""
    native: np.dtype[Any] = np.dtype(dtype.to_native_dtype()).newbyteorder("=")
    return native


_NO_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _to_json(value: Any) -> Any:
    """JSON has no NaN and no infinity: they are named as Zarr names them."""
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _from_json(value: Any) -> Any:
    return [_NO_NUMBERS.get(v, v) if isinstance(v, str) else v for v in value] if isinstance(value, list) else value
