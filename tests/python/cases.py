# SPDX-License-Identifier: BSD-3-Clause
"""The one table of cases: dtype x shape, chunks and blocks x parameters. Adding a feature is adding a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

import blosc2_grok
import images
from blosc2_grok import GrkFileFmt, GrkMode, GrkProfile, GrkRateControl

Shape = Tuple[int, ...]


# Ways to code that change no sample.
CODINGS: Dict[str, Dict[str, Any]] = {
    "rlcp": {"progression": "RLCP"},
    "rpcl": {"progression": "RPCL"},
    "pcrl": {"progression": "PCRL"},
    "cprl": {"progression": "CPRL"},
    "resolutions-1": {"num_resolutions": 1},
    "resolutions-33": {"num_resolutions": 33},
    "codeblock-32": {"codeblock_size": (32, 32)},
    "codeblock-4": {"codeblock_size": (4, 4)},
    "codeblock-1024x4": {"codeblock_size": (1024, 4)},
    "codeblock-4x1024": {"codeblock_size": (4, 1024)},
    "codeblock-256x8": {"codeblock_size": (256, 8)},
    "precinct-32": {"precinct_size": (32, 32)},
    "tiles-64": {"tile_size": (64, 64)},
    "tiles-larger": {"tile_size": (1000, 1000)},
    "offset": {"offset": (33, 40)},
    "lazy": {"mode": GrkMode.LAZY},
    "reset": {"mode": GrkMode.RESET},
    "termall": {"mode": GrkMode.TERMALL},
    "vsc": {"mode": GrkMode.VSC},
    "layers-20-5-1": {"quality_mode": "rates", "quality_layers": [20, 5, 1]},
}

# The same, where engines are known to err.
RISKY_CODINGS: Dict[str, Dict[str, Any]] = {
    "tiles-100x37": {"tile_size": (100, 37)},
    "tiles-50": {"tile_size": (50, 50)},
    "tiles-33": {"tile_size": (33, 33)},
    "tiles-1": {"tile_size": (1, 1), "num_resolutions": 1},
    "tile-offset-odd": {"tile_size": (64, 64), "tile_offset": (5, 5), "offset": (10, 10)},
    "roi": {"roi_compno": 0, "roi_shift": 25},
    "guard-bits-0": {"numgbits": 0},
}

# By Grok alone, where a build has it.
GROK_CODINGS: Dict[str, Dict[str, Any]] = {
    "guard-bits-4": {"numgbits": 4},
    "pcrd": {"rateControlAlgorithm": GrkRateControl.PCRD_OPT},
}


@dataclass(frozen=True)
class Case:
    """One array, how it is cut, and how it is to be stored."""

    name: str
    kind: str
    dtype: str
    shape: Shape
    chunks: Optional[Shape] = None  # the shape
    blocks: Optional[Shape] = None  # the chunks
    parameters: Dict[str, Any] = field(default_factory=dict)
    codec_meta: int = 0
    ratio_over: float = 0.0  # the ratio must be above
    rate: Optional[float] = None  # lossy: no block larger than its bytes / rate
    decibels: Optional[float] = None  # lossy: no block below this PSNR
    needs_grok: bool = False  # no other engine can: a clear error without it
    is_risky: bool = False  # engines are known to get it wrong: exact, or a clear error

    @property
    def is_lossless(self) -> bool:
        return self.rate is None and self.decibels is None and "max_cs_size" not in self.parameters

    def image(self) -> images.Image:
        return images.make(self.kind, self.dtype, self.shape)

    def __str__(self) -> str:
        return self.name


def _dtypes_and_shapes() -> List[Case]:
    rows = []
    for dtype in ("uint8", "int8", "uint16", "int16"):
        for kind in ("photo", "xray", "ct", "text", "checkerboard", "noise", "constant"):
            rows.append(Case(f"{kind}-{dtype}", kind, dtype, (100, 300)))
        rows += [
            Case(f"rgb-{dtype}", "photo", dtype, (90, 120, 3)),
            Case(f"rgba-{dtype}", "photo", dtype, (90, 120, 4)),
            Case(f"stack-{dtype}", "photo", dtype, (5, 90, 120)),
            Case(f"frames-{dtype}", "xray", dtype, (5, 90, 120), blocks=(1, 90, 120)),
            Case(f"padded-{dtype}", "photo", dtype, (190, 310), (128, 256), (64, 128)),
            Case(f"big-endian-{dtype}", "photo", np.dtype(dtype).newbyteorder(">").str, (100, 130)),
        ]
    return rows


def _shapes() -> List[Case]:
    shapes: List[Tuple[Shape, Optional[Shape], Optional[Shape]]] = [
        ((1, 1), None, None),
        ((1, 5000), None, None),
        ((5000, 1), None, None),
        ((5000,), None, None),
        ((5000,), (2000,), (700,)),
        ((2, 3), None, None),
        ((17, 17), None, None),
        ((3, 300), None, None),
        ((300, 3), None, None),
        ((255, 257), None, None),
        ((513, 1023), (512, 512), (256, 512)),
        ((1, 100, 300), None, None),
        ((1, 1, 100, 1, 300), None, None),
        ((100, 300, 1), None, None),
        ((4, 60, 70), (2, 60, 70), (1, 30, 70)),
        ((3, 4, 50, 60), None, None),
        ((2, 3, 4, 50, 60), (1, 3, 4, 50, 60), (1, 1, 4, 32, 32)),
        ((100, 120, 3), (64, 64, 3), (32, 64, 3)),
        ((100, 120, 3), (64, 64, 3), (64, 64, 1)),
        ((2, 100, 120, 4), (1, 100, 120, 4), (1, 100, 120, 4)),
        ((3, 3, 3), None, None),
        ((4, 4, 4), None, None),
        ((40, 40, 2), None, None),
        ((40, 40, 5), None, None),
        ((2,) * 6 + (20, 30), None, None),
        ((1,) * 8, None, None),
        ((300, 16, 16), None, None),
    ]
    return [
        Case(
            f"{images.shape_text(shape)}-in-{images.shape_text(blocks or chunks or shape)}",
            "photo",
            dtype,
            shape,
            chunks,
            blocks,
        )
        for shape, chunks, blocks in shapes
        for dtype in ("uint8", "int16")
    ]


def _parameters() -> List[Case]:
    """Lossless, whatever is asked for."""
    sets: Dict[str, Dict[str, Any]] = {
        **CODINGS,
        "precinct-256x128": {"precinct_size": (256, 128)},
        "j2k": {"cod_format": GrkFileFmt.GRK_FMT_J2K},
        "file-format-unknown": {"cod_format": GrkFileFmt.GRK_FMT_UNK},
        "pterm": {"mode": GrkMode.PTERM},
        "segsym": {"mode": GrkMode.SEGSYM},
        "lazy-reset-segsym": {"mode": GrkMode.LAZY | GrkMode.RESET | GrkMode.SEGSYM},
        "irreversible-false": {"irreversible": False},
        "threads-2": {"num_threads": 2},
        "profile-0": {"rsiz": GrkProfile.GRK_PROFILE_0},
        "profile-1": {"rsiz": GrkProfile.GRK_PROFILE_1},
        "roi-component-absent": {"roi_compno": 3},
        "roi-shift-without-component": {"roi_shift": 8},
        "rate-1": {"quality_mode": "rates", "quality_layers": [1]},
        "mct-auto": {"mct": "auto"},
    }
    grok: Dict[str, Dict[str, Any]] = {**GROK_CODINGS, "ht": {"mode": GrkMode.HT}}
    risky: Dict[str, Dict[str, Any]] = {
        **RISKY_CODINGS,
        "tile-offset": {"tile_size": (64, 64), "tile_offset": (5, 7), "offset": (8, 9)},
    }
    rows = [Case("mct-uint8", "photo", "uint8", (90, 131, 3), parameters={"mct": 1})]
    for kind, dtype, shape in (("photo", "uint8", (90, 131, 3)), ("xray", "uint16", (131, 170))):
        for name, parameters in sets.items():
            rows.append(Case(f"{name}-{dtype}", kind, dtype, shape, parameters=parameters))
        for name, parameters in grok.items():
            rows.append(Case(f"{name}-{dtype}", kind, dtype, shape, parameters=parameters, needs_grok=True))
        for name, parameters in risky.items():
            rows.append(Case(f"{name}-{dtype}", kind, dtype, shape, parameters=parameters, is_risky=True))
    return rows


def _lossy() -> List[Case]:
    rows = []
    sources = [
        ("photo", "uint8", (200, 300)),
        ("photo", "uint8", (200, 300, 3)),
        ("photo", "int8", (200, 300)),
        ("xray", "uint16", (300, 200)),
        ("ct", "int16", (256, 256)),
        ("photo", ">u2", (128, 128)),
    ]
    for kind, dtype, shape in sources:
        name = f"{kind}-{np.dtype(dtype).name}-{images.shape_text(shape)}"
        parameters: Dict[str, Any]
        for rate in (4, 10, 50):
            parameters = {"quality_mode": "rates", "quality_layers": [rate]}
            rows.append(Case(f"rate-{rate}-{name}", kind, dtype, shape, parameters=parameters, rate=rate))
        for meta in (25, 80, 255):
            rows.append(Case(f"codec-meta-{meta}-{name}", kind, dtype, shape, codec_meta=meta, rate=meta / 10))
        for decibels in (30, 40, 60):
            parameters = {"quality_mode": "dB", "quality_layers": [decibels]}
            rows.append(Case(f"dB-{decibels}-{name}", kind, dtype, shape, parameters=parameters, decibels=decibels))
        parameters = {"quality_mode": "rates", "quality_layers": [8], "irreversible": True}
        rows.append(Case(f"rate-8-9/7-{name}", kind, dtype, shape, parameters=parameters, rate=8))
        parameters = {"quality_mode": "dB", "quality_layers": [45], "irreversible": True}
        rows.append(Case(f"dB-45-9/7-{name}", kind, dtype, shape, parameters=parameters, decibels=45))
    layers: Dict[str, Any] = {"quality_mode": "rates", "quality_layers": [40, 20, 10]}
    decibel_layers: Dict[str, Any] = {"quality_mode": "dB", "quality_layers": [30, 40, 50]}
    rate_10: Dict[str, Any] = {"quality_mode": "rates", "quality_layers": [10]}
    dB_50: Dict[str, Any] = {"quality_mode": "dB", "quality_layers": [50]}
    rows += [
        Case("dB-5", "photo", "uint8", (256, 256, 3), parameters={**dB_50, "quality_layers": [5]}, decibels=5),
        Case("layers-40-20-10", "photo", "uint8", (200, 300), parameters=layers, rate=10),
        Case("layers-30-40-50-dB", "xray", "uint16", (200, 300), parameters=decibel_layers, decibels=50),
        Case("rate-10-mct", "photo", "uint8", (200, 300, 3), parameters={**rate_10, "mct": 1}, rate=10),
        Case("rate-10-j2k", "xray", "uint16", (200, 300), parameters={**rate_10, "cod_format": 1}, rate=10),
        Case("rate-10-tiles", "xray", "uint16", (256, 256), parameters={**rate_10, "tile_size": (128, 128)}, rate=10),
        Case("rate-10-padded", "xray", "uint16", (300, 200), (256, 256), (256, 256), parameters=rate_10, rate=10),
        Case("dB-50-padded", "xray", "uint16", (300, 200), (512, 512), (512, 512), parameters=dB_50, decibels=50),
        Case("dB-50-stack", "xray", "uint16", (6, 100, 128), blocks=(1, 100, 128), parameters=dB_50, decibels=50),
        Case("rate-10-stack", "xray", "uint16", (6, 100, 128), blocks=(2, 100, 128), parameters=rate_10, rate=10),
    ]
    return rows


CASES: List[Case] = _dtypes_and_shapes() + _shapes() + _parameters() + _lossy()


def has_engine(name: str) -> bool:
    """Whether this build has the engine."""
    from blosc2_grok import _native

    return any(engine.get("name") == name for engine in _native.build_info().get("engines", []))


def store(case: Case, image: images.Image, **keywords: Any) -> Any:
    """The image as a blosc2 array; the process's defaults are the case's parameters afterwards."""
    import blosc2

    blosc2_grok.set_params_defaults(**case.parameters)
    cparams: Dict[str, Any] = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": case.codec_meta,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
        **keywords.pop("cparams", {}),
    }
    chunks = case.chunks or case.shape
    return blosc2.asarray(image, chunks=chunks, blocks=case.blocks or chunks, cparams=cparams, **keywords)
