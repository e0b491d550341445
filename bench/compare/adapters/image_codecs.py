# SPDX-License-Identifier: BSD-3-Clause
"""Codecs of single images in imagecodecs: an image a block; threads share the blocks."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np

from compare.adapters.base import BlockAdapter, Refused


class ImageCodec(BlockAdapter):
    """``lossless`` and ``lossy`` are arguments of the encoder; ``level`` is the one that takes the quality."""

    packages = ("imagecodecs",)

    def __init__(self, name: str, lossless: dict[str, Any], lossy: dict[str, Any] | None = None,
                 level: str | dict[str, str] = "level", has_threads: bool = False) -> None:  # fmt: skip
        self.encoder = getattr(imagecodecs, f"{name}_encode")
        self.decoder = getattr(imagecodecs, f"{name}_decode")
        self.name, self.lossless, self.lossy, self.level, self.has_threads = name, lossless, lossy, level, has_threads

    def versions(self) -> list[str]:
        return [*super().versions(), str(getattr(imagecodecs, f"{self.name}_version")())]

    def encode_image(self, image: np.ndarray) -> bytes:
        return bytes(self.encoder(image, **self._arguments(), **self._threads()))

    def decode_image(self, data: bytes) -> np.ndarray:
        return np.asarray(self.decoder(data, **self._threads()))

    def _arguments(self) -> dict[str, Any]:
        if self.case.quality is None:
            return self.lossless
        kind, value = self.case.quality
        if self.lossy is None or kind not in ("knob", "max_error"):
            raise Refused(f"knows no {kind}")
        return {**self.lossy, str(self.level): value}

    def _threads(self) -> dict[str, int]:
        return {"numthreads": self.inner_threads()} if self.has_threads else {}
