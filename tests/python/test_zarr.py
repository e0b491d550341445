# SPDX-License-Identifier: BSD-3-Clause
"""Zarr version 3: the codec that zarr finds by name, and what it stores."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import imagecodecs
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import _native

zarr = pytest.importorskip("zarr", reason="zarr 3 needs Python 3.11")

from blosc2_grok.zarr import Blosc2Grok  # noqa: E402

XRAY = images.make("xray", "uint16", (5, 100, 120))
CHUNKS = (1, 100, 120)


def store(path: Path, samples: Any, chunks: Any, codec: Any, **options: Any) -> Any:
    array = zarr.create_array(
        path, shape=samples.shape, chunks=chunks, dtype=samples.dtype, serializer=codec, compressors=None, **options
    )
    array[...] = samples
    return zarr.open_array(path, mode="r")


def codecs_in(path: Path) -> Any:
    return json.loads((path / "zarr.json").read_text(), parse_constant=pytest.fail)["codecs"]


def test_zarr_finds_the_codec_by_its_name(tmp_path: Path) -> None:
    """In a process that does not import this package, from the name in zarr.json."""
    store(tmp_path / "a", XRAY, CHUNKS, Blosc2Grok())
    program = (
        "import sys, zarr; array = zarr.open_array(sys.argv[1], mode='r'); print(int(array[3].astype('u8').sum()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a")], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == int(XRAY[3].astype("u8").sum())
    assert zarr.registry.get_codec_class("blosc2_grok") is Blosc2Grok


@pytest.mark.parametrize("coder", ["part1", "ht"])
@pytest.mark.parametrize(
    "dtype", ["?", "u1", "i1", "u2", "i2", ">u2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8", "c16"]
)
def test_lossless_for_every_dtype(tmp_path: Path, dtype: str, coder: str) -> None:
    wide = np.dtype(dtype).itemsize > 1 and dtype != "f2"
    samples = (images.make("ct", "int16", (3, 70, 50)) if wide else XRAY[:3, :70, :50] // 300).astype(dtype)
    if samples.dtype.kind == "f":
        samples[0, 3, :4] = [np.nan, np.inf, -np.inf, -0.0]
    stored = store(tmp_path / "a", samples, (2, 40, 50), Blosc2Grok(coder=coder), fill_value=1)
    assert stored.dtype == samples.dtype.newbyteorder("=")
    native = samples.astype(samples.dtype.newbyteorder("="))
    assert stored[...].tobytes() == native.tobytes()
    assert np.array_equal(stored[1, 5:60, 7], native[1, 5:60, 7])


def test_a_chunk_is_a_file_that_others_read(tmp_path: Path) -> None:
    rgb = images.make("photo", "uint8", (96, 128, 3))
    store(tmp_path / "gray", XRAY, CHUNKS, Blosc2Grok())
    store(tmp_path / "rgb", rgb, (48, 64, 3), Blosc2Grok(cod_format="GRK_FMT_J2K"))
    for number in range(len(XRAY)):
        chunk = (tmp_path / "gray" / "c" / str(number) / "0" / "0").read_bytes()
        assert np.array_equal(imagecodecs.jpeg2k_decode(chunk), XRAY[number])
    chunk = (tmp_path / "rgb" / "c" / "1" / "1" / "0").read_bytes()
    assert chunk.startswith(b"\xff\x4f\xff\x51")
    assert np.array_equal(imagecodecs.jpeg2k_decode(chunk), rgb[48:, 64:])
    assert _native.describe_block(chunk)["codestream"]["mct"]


@pytest.mark.parametrize("coder", ["part1", "ht"])
def test_max_error(tmp_path: Path, coder: str) -> None:
    stored = store(tmp_path / "a", XRAY, CHUNKS, Blosc2Grok(coder=coder, max_error=4))
    error = np.abs(stored[...].astype(int) - XRAY)
    assert 0 < error.max() <= 4
    lossless = store(tmp_path / "b", XRAY, CHUNKS, Blosc2Grok(coder=coder))
    assert stored.nbytes_stored() < 0.7 * lossless.nbytes_stored()


def test_other_qualities(tmp_path: Path) -> None:
    floats = XRAY.astype("f4") / 7
    stored = store(tmp_path / "rmse", floats, CHUNKS, Blosc2Grok(rmse=3.0))
    assert 0 < np.sqrt(np.mean((stored[...] - floats) ** 2)) <= 3
    stored = store(tmp_path / "psnr", XRAY, CHUNKS, Blosc2Grok(psnr=70))
    assert all(70 <= images.psnr(XRAY[i], stored[i], 16) < 76 for i in range(len(XRAY)))
    store(tmp_path / "rates", XRAY, CHUNKS, Blosc2Grok(quality_mode="rates", quality_layers=[8]))
    sizes = [(tmp_path / "rates" / "c" / str(i) / "0" / "0").stat().st_size for i in range(len(XRAY))]
    assert all(0.9 * XRAY[0].nbytes / 8 < size <= XRAY[0].nbytes / 8 for size in sizes)
    calibrated = blosc2_grok.calibrate(XRAY, ratio=6, blocks=CHUNKS, chunks=CHUNKS)
    stored = store(tmp_path / "ratio", XRAY, CHUNKS, Blosc2Grok(calibrated))
    sizes = [path.stat().st_size for path in (tmp_path / "ratio" / "c").rglob("*") if path.is_file()]
    assert XRAY.nbytes / sum(sizes) == pytest.approx(6, rel=0.1)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"mct": 0},
        {"coder": "ht", "max_error": 2.5, "keep": [65535, 7]},
        {"rmse": 1.5, "keep": [math.inf, -math.inf]},
        {"quality_mode": "dB", "quality_layers": [30, 40.5], "progression": "RPCL", "tile_size": (64, 32)},
        {"layout": (1, 2), "bits_per_sample": 12, "mode": "LAZY|RESET", "irreversible": True, "cod_format": 1},
    ],
    ids=str,
)
def test_the_configuration_comes_back(tmp_path: Path, parameters: Dict[str, Any]) -> None:
    codec = Blosc2Grok(**parameters)
    samples = np.minimum(XRAY, 4095)
    store(tmp_path / "a", samples, CHUNKS, codec)
    (written,) = codecs_in(tmp_path / "a")
    assert written["name"] == "blosc2_grok"
    named = set(parameters) - {"coder"} | {"mct", "mode"}
    assert set(written["configuration"]) == named
    (again,) = zarr.open_array(tmp_path / "a", mode="r").metadata.codecs
    assert again.params == codec.params
    one, two = (c.encode_samples(samples[:1]) for c in (codec, again))
    assert one == two


def test_nan_in_the_configuration() -> None:
    written = json.loads(json.dumps(Blosc2Grok(rmse=1, keep=[math.nan, 5]).to_dict(), allow_nan=False))
    assert math.isnan(Blosc2Grok.from_dict(written).params.keep[0])


@pytest.mark.parametrize(
    "parameters, text",
    [
        ({"max_errror": 2}, "'max_errror' is no parameter: the nearest is 'max_error'"),
        ({"max_error": -1}, "max_error"),
        ({"rmse": 1, "psnr": 50}, "rmse.*psnr|psnr.*rmse"),
        ({"codeblock_size": (65, 64)}, "codeblock_size"),
        ({"coder": "mq"}, "coder is 'mq'"),
        ({"coder": "part1", "mode": "HT"}, "contradict"),
        ({"bits_per_sample": "auto"}, "needs None or the number"),
        ({"params": {"rmse": 1}, "psnr": 40}, "given twice"),
    ],
)
def test_wrong_parameters_are_refused_at_once(parameters: Dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Blosc2Grok(**parameters)


def test_a_wrong_configuration_is_refused(tmp_path: Path) -> None:
    store(tmp_path / "a", XRAY, CHUNKS, Blosc2Grok(max_error=3))
    told = json.loads((tmp_path / "a" / "zarr.json").read_text())
    told["codecs"][0]["configuration"]["max_error"] = "little"
    (tmp_path / "a" / "zarr.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match="max_error is 'little'"):
        zarr.open_array(tmp_path / "a", mode="r")


@pytest.mark.parametrize("dtype", ["M8[ns]", "U5", [("x", "u2"), ("y", "f4")]], ids=str)
def test_dtypes_that_are_no_images(tmp_path: Path, dtype: Any) -> None:
    with pytest.raises(TypeError, match="can't be stored as JPEG 2000"):
        zarr.create_array(tmp_path / "a", shape=(8, 8), chunks=(8, 8), dtype=np.dtype(dtype), serializer=Blosc2Grok())


@pytest.mark.parametrize(
    "shape, chunks", [((), ()), ((1,), (1,)), ((999,), (100,)), ((3, 2, 5, 30, 41), (2, 2, 3, 30, 20))]
)
def test_shapes_and_edges(tmp_path: Path, shape: Any, chunks: Any) -> None:
    samples = (np.arange(int(np.prod(shape))) % 4000 + 1).astype("u2").reshape(shape)
    assert np.array_equal(store(tmp_path / "a", samples, chunks, Blosc2Grok())[...], samples)


def test_noise_and_zeros_are_codestreams_too(tmp_path: Path) -> None:
    samples = np.concatenate([images.make("noise", "uint16", (2, 64, 64)), np.zeros((1, 64, 64), "u2")])
    stored = store(tmp_path / "a", samples, (1, 64, 64), Blosc2Grok(), fill_value=9)
    assert np.array_equal(stored[...], samples)
    noise, _, zeros = [
        imagecodecs.jpeg2k_decode((tmp_path / "a" / "c" / f"{i}" / "0" / "0").read_bytes()) for i in range(3)
    ]
    assert np.array_equal(noise, samples[0])
    assert zeros.tolist() == [[0]]  # rows and columns of zeros at the end are left out


def test_in_shards_behind_a_transposition_and_under_a_checksum(tmp_path: Path) -> None:
    codec = Blosc2Grok(coder="ht")
    store(tmp_path / "shards", XRAY, CHUNKS, codec, shards=(5, 100, 120))
    assert np.array_equal(zarr.open_array(tmp_path / "shards")[2:4, 50:], XRAY[2:4, 50:])
    (shard,) = [path for path in (tmp_path / "shards" / "c").rglob("*") if path.is_file()]
    assert shard.read_bytes().count(b"\xff\x4f\xff\x51") == len(XRAY)
    moved = np.moveaxis(XRAY, 0, -1)  # frames along the last axis, as some detectors' software has them
    turn = zarr.codecs.TransposeCodec(order=(2, 0, 1))
    store(tmp_path / "turned", moved, (100, 120, 1), codec, filters=[turn])
    assert np.array_equal(zarr.open_array(tmp_path / "turned")[...], moved)
    assert len((tmp_path / "turned" / "c" / "0" / "0" / "2").read_bytes()) == len(codec.encode_samples(XRAY[2:3]))
    array = zarr.create_array(
        tmp_path / "sums", shape=XRAY.shape, chunks=CHUNKS, dtype="u2", serializer=codec,
        compressors=[zarr.codecs.Crc32cCodec()],
    )  # fmt: skip
    array[...] = XRAY
    assert np.array_equal(zarr.open_array(tmp_path / "sums")[...], XRAY)


def test_damage_and_misfits_are_errors_with_their_reasons(tmp_path: Path) -> None:
    store(tmp_path / "a", XRAY, CHUNKS, Blosc2Grok())
    chunk = tmp_path / "a" / "c" / "2" / "0" / "0"
    damaged = bytearray(chunk.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    chunk.write_bytes(damaged)
    stored = zarr.open_array(tmp_path / "a", mode="r")
    with pytest.raises(blosc2_grok.Error, match="checksum"):
        stored[2]
    assert np.array_equal(stored[3], XRAY[3])
    with pytest.raises(blosc2_grok.Error, match="don't fit bits_per_sample=12"):
        store(tmp_path / "b", XRAY, CHUNKS, Blosc2Grok(bits_per_sample=12))


def test_notices_are_warnings(tmp_path: Path) -> None:
    holes = np.where(images.random_bits(XRAY.shape, 3) % 2 == 0, 0, XRAY).astype("u2")
    with pytest.warns(UserWarning, match="keep"):
        store(tmp_path / "a", np.tile(holes, (1, 5, 5)), (5, 500, 600), Blosc2Grok(max_error=1, keep=[0]))
    assert os.path.exists(tmp_path / "a" / "c" / "0" / "0" / "0")
