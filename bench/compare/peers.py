# SPDX-License-Identifier: BSD-3-Clause
"""Who takes part: environment, adapter and abilities of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Peer:
    """``kind`` is "part1", "ht" (Part 15) or "other"; ``knob`` the range of a free parameter that changes the size."""

    name: str
    kind: str
    venv: str
    module: str
    adapter: str
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    direct: tuple[str, ...] = ()  # kinds of quality that it takes itself
    knob: tuple[float, float] | None = None  # from best to worst quality
    whole_knob: bool = False  # integers only
    lossless: bool = True
    threads: bool = True  # more than one is of use to it

    @property
    def is_ours(self) -> bool:
        return self.venv == "ours" and self.adapter in ("Ours", "Blosc2Filter")

    @property
    def is_jpeg2000(self) -> bool:
        return self.kind != "other"

    @property
    def is_lossy(self) -> bool:
        return bool(self.direct or self.knob)


def _ours(name: str, kind: str, coder: str) -> Peer:
    options = {"coder": coder, "shares_arrays": kind == "part1"}
    return Peer(name, kind, "ours", "blosc2_codecs", "Ours", options, ("rate", "psnr", "max_error", "rmse"))


def _plugin(name: str, kind: str, venv: str, codec: str, **more: Any) -> Peer:
    package = name.split()[0]
    options = {"module": package.replace("-", "_"), "codec": codec, "package": package, **more.pop("options", {})}
    return Peer(name, kind, venv, "blosc2_codecs", "Plugin", options, **more)


def _image_codec(name: str, kind: str, options: dict[str, Any], **more: Any) -> Peer:
    options = {"name": name, **options}
    return Peer(f"imagecodecs {name}", kind, "imagecodecs", "image_codecs", "ImageCodec", options, **more)


def _filter(name: str, kind: str, options: dict[str, Any], **more: Any) -> Peer:
    options = {"name": name, **options}
    return Peer(f"hdf5plugin {name}", kind, "hdf5plugin", "hdf5_filters", "Filter", options, threads=False, **more)


def _bound(name: str, by: dict[str, str], knob: tuple[float, float]) -> Peer:
    """Bounds the error of floats; integers are converted, which its times contain."""
    return _filter(name, "other", {"by": by, "dtype": "float32"}, direct=("max_error",), knob=knob, lossless=False)


_JPEG2K = {
    "lossless": {"reversible": True, "codecformat": "j2k"},
    "lossy": {"reversible": False, "codecformat": "j2k"},
    "has_threads": True,
}
_JPEGXL = {
    "lossless": {"lossless": True, "effort": 1},
    "lossy": {"effort": 1},
    "level": "distance",
    "has_threads": True,
}

OURS_PART1 = _ours("blosc2_grok Part 1", "part1", "part1")
OURS_HT = _ours("blosc2_grok HT", "ht", "ht")

PEERS = [
    OURS_PART1,
    OURS_HT,
    _plugin("blosc2-grok 0.3.5", "part1", "grok035", "GROK", direct=("rate",), knob=(1.01, 400)),
    _plugin("blosc2-j2k 0.4.0", "part1", "j2k", "J2K", direct=("rate",), knob=(1.01, 400)),
    _plugin("blosc2-htj2k 0.4.2", "ht", "htj2k", "HTJ2K", knob=(1, 255), whole_knob=True, options={"ht_quality": True}),
    _filter("Htj2k", "ht", {"by": {}}),
    _image_codec("jpeg2k", "part1", _JPEG2K, knob=(160, 20)),
    _image_codec("htj2k", "ht", {"lossless": {"reversible": True}, "lossy": {"reversible": False}}, knob=(1e-6, 0.3)),
    Peer("Pillow JPEG 2000", "part1", "pillow", "pillow_jpeg2000", "Jpeg2000", direct=("rate",), knob=(1.01, 400)),
    _image_codec("jpegls", "other", {"lossless": {}, "lossy": {}}, direct=("max_error",)),
    _image_codec("jpegxl", "other", _JPEGXL, knob=(0.01, 25)),
    Peer("bitshuffle + Zstandard 1", "other", "ours", "blosc2_codecs", "Bitshuffle", {"codec": "ZSTD", "level": 1}),
    Peer("bitshuffle + LZ4", "other", "ours", "blosc2_codecs", "Bitshuffle", {"codec": "LZ4", "level": 5}),
    _bound("Sperr", {"max_error": "absolute", "knob": "absolute"}, (0.3, 20000)),
    _bound("SZ3", {"max_error": "absolute", "knob": "absolute"}, (0.3, 20000)),
    _bound("Zfp", {"max_error": "accuracy", "knob": "accuracy"}, (0.3, 60000)),
]


def _by_hdf5(name: str, kind: str, venv: str, module: str, codec_id: int, mode: str | None = None) -> Peer:
    options = {"module": module, "codec_id": codec_id, "package": module.replace("_", "-"), "mode": mode}
    return Peer(f"{name} in HDF5", kind, venv, "hdf5_filters", "Blosc2Filter", options, threads=False)


IN_HDF5 = [
    _by_hdf5("blosc2_grok Part 1", "part1", "ours", "blosc2_grok", 37),
    _by_hdf5("blosc2_grok HT", "ht", "ours", "blosc2_grok", 37, "HT"),
    _by_hdf5("blosc2-grok 0.3.5", "part1", "grok035", "blosc2_grok", 37),
    _by_hdf5("blosc2-j2k 0.4.0", "part1", "j2k", "blosc2_j2k", 39),
    _by_hdf5("blosc2-htj2k 0.4.2", "ht", "htj2k", "blosc2_htj2k", 40),
]


def ours_like(peer: Peer) -> Peer:
    """The one of ours that a peer is held against: of its kind; HT for what isn't JPEG 2000."""
    return OURS_PART1 if peer.kind == "part1" else OURS_HT
