# SPDX-License-Identifier: BSD-3-Clause
"""Pillow's JPEG 2000: an image a block; threads share the blocks."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, features

from compare.adapters.base import BlockAdapter, Refused


class Jpeg2000(BlockAdapter):
    packages = ("pillow",)

    def versions(self) -> list[str]:
        return [*super().versions(), f"openjpeg {features.version('jpg_2000')}"]

    def encode_image(self, image: np.ndarray) -> bytes:
        picture = Image.fromarray(image)
        if np.asarray(picture).dtype != image.dtype:
            raise Refused(f"has no images of {image.dtype}")
        stream = io.BytesIO()
        picture.save(stream, "JPEG2000", **self._arguments())
        return stream.getvalue()

    def decode_image(self, data: bytes) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(data)))

    def decode_reduced(self, stored: list[bytes]) -> Any:
        """Of the only block that there is: put together, more would need the code of a container."""
        if len(stored) != 1:
            raise Refused("has no container to put blocks together")
        picture: Any = Image.open(io.BytesIO(stored[0]))
        picture.reduce = 3
        return np.asarray(picture).reshape([-(-n // 8) if n > 4 else n for n in self.case.samples.shape])

    def _arguments(self) -> dict[str, Any]:
        if self.case.quality is None:
            return {"no_jp2": True, "mct": 1}
        kind, value = self.case.quality
        if kind != "rate":
            raise Refused(f"knows no {kind}")
        return {"no_jp2": True, "mct": 1, "irreversible": True, "quality_mode": "rates", "quality_layers": [value]}
