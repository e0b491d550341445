# SPDX-License-Identifier: BSD-3-Clause
"""Makes the golden files of our own release: blocks with every feature of docs/format.md, and what is known of each.

    python make_release_golden.py            writes v<version>/ beside this script, for the package that is installed
    python make_release_golden.py --check    says which blocks that package would write otherwise; writes nothing

It wants a build with all engines. The images come from make_golden.image, integers alone.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Tuple

import blosc2
import numpy as np
from make_golden import image

import blosc2_grok
from blosc2_grok import Params, _native

HERE = Path(__file__).resolve().parent

# name: (shape, dtype, parameters, options). Options: "meta" codec_meta, "padding" zeros at each axis's end, "filter" of
# Blosc2's left on, "plain" for an array without dtype, "special" for NaN, infinity or values to be kept, "shift" for
# samples of so many bits less, "wide" for integers of so many bits more than 16.
CASES: Dict[str, Tuple[Any, str, Dict[str, Any], Dict[str, Any]]] = {
    # Engines, coders and containers
    "openjpeg": ((40, 60), "<u2", {"engine": "openjpeg"}, {}),
    "j2k": ((40, 60), "<u2", {"engine": "j2k"}, {}),
    "j2k-ht": ((40, 60), "<u2", {"mode": "HT"}, {}),
    "grok": ((40, 60), "<u2", {"engine": "grok"}, {}),
    "grok-ht": ((40, 60), "<u2", {"engine": "grok", "mode": "HT"}, {}),
    "codestream": ((40, 60), "|u1", {"cod_format": "GRK_FMT_J2K"}, {}),
    "codestream-ht": ((40, 60), "|u1", {"cod_format": "GRK_FMT_J2K", "mode": "HT"}, {}),
    # Samples
    "i1": ((40, 60), "|i1", {}, {}),
    "i2-ht": ((40, 60), "<i2", {"mode": "HT"}, {}),
    "big-endian": ((40, 60), ">u2", {}, {}),
    "big-endian-signed": ((40, 60), ">i2", {"engine": "j2k"}, {}),
    "bits": ((40, 60), "<u2", {"bits_per_sample": 16}, {}),
    "bits-10": ((40, 60), "<u2", {"bits_per_sample": 10}, {"shift": 6}),
    # Layouts
    "rgb": ((30, 40, 3), "|u1", {}, {}),
    "rgb-transform": ((30, 40, 3), "|u1", {"mct": 1}, {}),
    "rgba-planes": ((30, 40, 4), "|u1", {"layout": "planes"}, {}),
    "stack": ((3, 24, 32), "<u2", {}, {}),
    "stack-ht": ((3, 24, 32), "<u2", {"mode": "HT"}, {}),
    "stack-last": ((24, 32, 3), "<u2", {"layout": [0, 1]}, {}),
    "row": ((40, 60), "<u2", {"layout": "row"}, {"shift": 6}),
    "one-axis": ((1000,), "<u2", {}, {"shift": 6}),
    "ones-between": ((1, 40, 1, 60), "<u2", {}, {}),
    "padded": ((40, 60), "<u2", {}, {"padding": (7, 13)}),
    "padded-stack": ((4, 24, 32), "<u2", {"engine": "j2k"}, {"padding": (2, 0, 5)}),
    # Filters left on by the host, and an array whose dtype is not told
    "shuffled": ((40, 60), "<u2", {}, {"filter": "SHUFFLE"}),
    "shuffled-ht": ((40, 60), "<u2", {"mode": "HT"}, {"filter": "SHUFFLE"}),
    "bytes": ((40, 60), "<u2", {}, {"filter": "BITSHUFFLE", "shift": 6}),
    "untold": ((40, 60), "<i2", {}, {"plain": True}),
    # Coding parameters that show in the stream
    "tiles": ((50, 70), "<u2", {"tile_size": (32, 32)}, {}),
    "tiles-j2k": ((50, 70), "<u2", {"tile_size": (32, 32), "engine": "j2k"}, {}),
    "offsets": ((40, 60), "<u2", {"offset": (5, 9), "engine": "j2k"}, {}),
    "precincts": ((60, 70), "<u2", {"precinct_size": (32, 32), "progression": "RPCL"}, {}),
    "styles": ((40, 60), "<u2", {"mode": 1 | 2 | 4 | 8 | 32}, {}),
    "tile-parts": ((40, 60), "<u2", {"enableTilePartGeneration": True, "progression": "RLCP"}, {}),
    "region": ((40, 60), "|u1", {"roi_compno": 0, "roi_shift": 12}, {}),
    "guard-bits": ((40, 60), "<u2", {"numgbits": 4}, {}),
    "layers": ((60, 80), "<u2", {"quality_mode": "rates", "quality_layers": [20, 8, 4]}, {}),
    # Loss
    "codec-meta": ((60, 80), "<u2", {}, {"meta": 40}),
    "decibels": ((60, 80), "|u1", {"psnr": 40}, {}),
    "decibels-ht": ((60, 80), "<u2", {"mode": "HT", "psnr": 50}, {}),
    "irreversible": ((60, 80), "<u2", {"irreversible": True}, {}),
    "rmse-ht": ((60, 80), "<i2", {"mode": "HT", "rmse": 40}, {}),
    # Mapped elements: keys of one to four words, grids, linear, and kept samples
    "bool": ((40, 60), "|b1", {}, {}),
    "key-u4": ((24, 32), "<u4", {}, {}),
    "key-i4-ht": ((24, 32), ">i4", {"mode": "HT"}, {}),
    "key-u8": ((24, 32), "<u8", {}, {"wide": 24}),
    "key-i8-wide": ((24, 32), ">i8", {}, {"wide": 40}),
    "key-f2": ((24, 32), "<f2", {}, {}),
    "key-f4": ((24, 32), "<f4", {}, {"special": True}),
    "key-f8": ((24, 32), ">f8", {}, {"special": True}),
    "key-c8": ((24, 32), "<c8", {}, {}),
    "grid-u2": ((40, 60), "<u2", {"max_error": 50}, {}),
    "grid-i4": ((24, 32), "<i4", {"max_error": 1000}, {}),
    "grid-f4": ((40, 60), "<f4", {"max_error": 0.5, "mode": "HT"}, {"special": True}),
    "grid-c16": ((24, 32), "<c16", {"max_error": 0.5}, {}),
    "linear-f4": ((40, 60), "<f4", {"psnr": 50}, {"special": True}),
    "linear-u4": ((40, 60), "<u4", {"psnr": 50, "mode": "HT"}, {}),
    "same-kept": ((40, 60), "<u2", {"psnr": 50, "keep": [65535]}, {"special": True}),
    "same-kept-signed": ((40, 60), "<i2", {"psnr": 50, "keep": [-32768], "mode": "HT"}, {"special": True}),
}


def samples(name: str) -> Any:
    """The case's block as an array: generated, so that a test can have the original."""
    shape, dtype_text, parameters, options = CASES[name]
    dtype = np.dtype(dtype_text)
    seed = sum(name.encode())
    sides = tuple(n for n in shape if n > 1)
    flat = image(sides if len(sides) > 1 else (1, *sides), np.dtype("u2"), seed).reshape(shape).astype(np.int64)
    kind, bits = dtype.kind, 8 * dtype.itemsize
    if kind == "b":
        out = (flat >> 13) % 2 == 1
    elif kind in "ui" and bits <= 16:
        out = (flat >> (16 - bits)) - (1 << (bits - 1) if kind == "i" else 0)
    elif kind in "ui":
        out = flat * (1 << options.get("wide", 1)) - (1 << 20 if kind == "i" else 0)
    else:
        out = (flat - 30000) / 64  # exact in every float
        if kind == "c":
            out = out + 1j * out[::-1]
    out = np.ascontiguousarray((out >> options.get("shift", 0)) if options.get("shift") else out).astype(dtype)
    if options.get("special"):
        keep = parameters.get("keep")
        marks = keep if keep else [np.nan, np.inf, -np.inf]
        for at, mark in enumerate(marks):
            out[5 + 3 * at, 7:11] = mark
    for axis, zeros in enumerate(options.get("padding", ())):
        out[(slice(None),) * axis + (slice(shape[axis] - zeros, None),)] = 0
    return out


def encode(name: str) -> bytes:
    """The stored block, as this package writes it."""
    _, _, parameters, options = CASES[name]
    block = samples(name)
    checked = Params(**parameters)
    if not (options.get("filter") or options.get("plain")):
        data = _native.encode_block(block, parameters=checked.to_dict(), codec_meta=options.get("meta", 0))
        assert data is not None, f"{name} does not get smaller"
        return data
    filters = [getattr(blosc2.Filter, options["filter"])] if options.get("filter") else []
    cparams = {"codec": blosc2.Codec.GROK, "filters": filters, "filters_meta": [0] * len(filters), "nthreads": 1}
    cparams.update(splitmode=blosc2.SplitMode.NEVER_SPLIT, typesize=block.itemsize)
    meta = {} if options.get("plain") else blosc2_grok.meta(**checked.to_dict())
    if options.get("plain"):
        schunk = blosc2.SChunk(chunksize=block.nbytes, data=block, cparams={**cparams, "blocksize": block.nbytes})
        (stored,) = blosc2_grok.codestreams(schunk)
    else:
        array = blosc2.asarray(block, chunks=block.shape, blocks=block.shape, cparams=cparams, meta=meta)
        (stored,) = blosc2_grok.codestreams(array)
    return bytes(stored.data)


def expected_bytes(name: str) -> bytes:
    """What the block's decoder must give where nothing is lost: the host's filters are still in it."""
    _, _, _, options = CASES[name]
    block = samples(name)
    if options.get("filter") == "SHUFFLE":
        return np.ascontiguousarray(block.view("u1").reshape(-1, block.itemsize).T).tobytes()
    if options.get("filter") == "BITSHUFFLE":
        bits = np.unpackbits(block.view("u1").reshape(-1, block.itemsize), axis=1, bitorder="little")
        return np.packbits(bits.T, axis=1, bitorder="little").tobytes()
    return block.tobytes()


def sha256(data: Any) -> str:
    return hashlib.sha256(bytes(data)).hexdigest()


def describe(name: str, data: bytes) -> Dict[str, Any]:
    shape, dtype, parameters, options = CASES[name]
    original = expected_bytes(name)
    decoded = bytes(_native.decode_block(data, len(original)))
    is_lossy = bool(_native.describe_block(data)["lossy"])
    if not is_lossy and decoded != original:
        raise SystemExit(f"{name}: {sum(a != b for a, b in zip(decoded, original))} bytes come back wrong")
    suffix = "jp2" if data[4:8] == b"jP  " else "j2k"
    return {
        "file": f"{name}.{suffix}",
        "shape": shape,
        "dtype": dtype,
        "parameters": parameters,
        "options": options,
        "lossless": not is_lossy,
        "block_bytes": len(data),
        "block_sha256": sha256(data),
        "original_sha256": sha256(original),
        "samples_sha256": sha256(decoded),
    }


ARRAY_PARAMETERS: Dict[str, Any] = {
    "num_resolutions": 4,
    "codeblock_size": (32, 32),
    "precinct_size": (64, 64),
    "progression": "RPCL",
    "cod_format": "GRK_FMT_J2K",
    "layout": "planes",
    "bits_per_sample": 16,
    "engine": "openjpeg",
    "verify": "all",
}


def array_samples() -> Any:
    """Of the golden array: two images in four chunks, with blocks at the edge, one of which is all zeros."""
    stack = np.stack([image((50, 70), np.dtype("u2"), seed) for seed in (1, 2)])
    stack[1, 32:, 40:] = 0
    return stack


def write_array(folder: Path) -> None:
    """A whole Blosc2 frame: the metalayer with every name, and chunks of several blocks."""
    parameters = Params(**ARRAY_PARAMETERS).to_dict()
    source = array_samples()
    array = blosc2.asarray(
        source,
        chunks=(1, 32, 70),
        blocks=(1, 32, 40),
        cparams=blosc2_grok.cparams(nthreads=1),
        meta=blosc2_grok.meta(**parameters),
    )
    frame = array.to_cframe()
    (folder / "array.b2nd").write_bytes(frame)
    known = {"parameters": parameters, "frame_sha256": sha256(frame), "samples_sha256": sha256(source.tobytes())}
    (folder / "array.json").write_text(json.dumps(known, indent=1) + "\n")


def main(arguments: Any) -> int:
    folder = HERE / f"v{blosc2_grok.__version__}"
    cases, differing = {}, []
    for name in CASES:
        data = encode(name)
        cases[name] = describe(name, data)
        path = folder / cases[name]["file"]
        if "--check" in arguments:
            if not path.exists() or path.read_bytes() != data:
                differing.append(name)
            continue
        folder.mkdir(exist_ok=True)
        path.write_bytes(data)
    if "--check" in arguments:
        print(f"{len(differing)} of {len(cases)} blocks differ:", *differing)
        return 1 if differing else 0
    write_array(folder)
    engines = {engine["name"]: engine["version"] for engine in _native.build_info()["engines"]}
    made_by = {"blosc2-grok": blosc2_grok.__version__, "engines": engines, "blosc2": blosc2.__version__}
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
    (folder / "blocks.json").write_text(f'{{"made_by": {json.dumps(made_by)},\n"cases": {{\n{lines}\n}}}}\n')
    print(f"{len(cases)} blocks, {sum(case['block_bytes'] for case in cases.values())} bytes, in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
