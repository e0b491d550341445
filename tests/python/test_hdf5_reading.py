# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 datasets of ours and of others: by this package's own reading, b2h5py, h5dump and h5repack, and plain h5py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import _native, codestreams, read, verify
from hdf5_readers import read_in_environment

h5py = pytest.importorskip("h5py")
hdf5plugin = pytest.importorskip("hdf5plugin")

from blosc2_grok.hdf5 import count_raw_chunks, hdf5_options, write_dataset  # noqa: E402

REGIONS: List[Any] = [(), (1,), (slice(1, 3), slice(10, 50), slice(20, 90)), (..., 7), (0, slice(None, None, 3), 5)]


@pytest.fixture
def file(tmp_path: Path) -> Any:
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        yield opened


@pytest.mark.parametrize("container", ["htj2k", "blosc2"])
@pytest.mark.parametrize("region", REGIONS, ids=str)
def test_regions(file: Any, container: str, region: Any) -> None:
    image = images.make("xray", "uint16", (4, 100, 120))
    for chunks in (None, (1, 64, 50)):
        dataset = write_dataset(file, "a", image, container=container, chunks=chunks)
        np.testing.assert_array_equal(read(dataset, region), image[region])
        del file["a"]


def test_only_the_chunks_of_a_region_are_read(file: Any) -> None:
    image = images.make("xray", "uint16", (4, 100, 120))
    dataset = write_dataset(file, "a", image)
    for number in (0, 1, 3):
        dataset.id.write_direct_chunk((number, 0, 0), b"\xff\x4f nonsense")
    np.testing.assert_array_equal(read(dataset, (2, slice(3, 9))), image[2, 3:9])
    with pytest.raises(blosc2_grok.Error, match=r"chunk 1"):
        read(dataset, (slice(1, 3),))


@pytest.mark.parametrize("container", ["htj2k", "blosc2"])
@pytest.mark.parametrize("shape", [(3, 100, 120), (100, 120, 3)], ids=str)
def test_previews(file: Any, container: str, shape: Any) -> None:
    """What a codestream of the same image gives in an ordinary array."""
    image = images.make("xray", "uint8", shape)
    dataset = write_dataset(file, "a", image, container=container, coder="ht")
    chunks = dataset.chunks
    array = blosc2_grok.asarray(image, chunks=chunks, blocks=chunks, coder="ht")
    for reduce in (1, 2, 4):
        expected = read(array, reduce=reduce)
        assert expected.shape != image.shape
        np.testing.assert_array_equal(read(dataset, reduce=reduce), expected)
    np.testing.assert_array_equal(read(dataset, (slice(0, 1),), reduce=1), read(array, (slice(0, 1),), reduce=1))


@pytest.mark.parametrize("container", ["htj2k", "blosc2"])
def test_previews_know_the_layout(file: Any, container: str) -> None:
    """Images along the first two axes, which nobody guesses."""
    image = np.moveaxis(images.make("xray", "uint16", (5, 100, 120)), 0, -1)
    options: Any = {"container": container, "params": {"layout": (0, 1)}}
    dataset = write_dataset(file, "a", image, chunks=(100, 120, 1), **options)
    array = blosc2_grok.asarray(image, coder="ht" if container == "htj2k" else "auto", params={"layout": (0, 1)})
    preview = read(dataset, reduce=2)
    assert preview.shape == (25, 30, 5)
    np.testing.assert_array_equal(preview, read(array, reduce=2))
    np.testing.assert_array_equal(dataset[()], image)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
@pytest.mark.parametrize("shape, chunks", [((3, 60, 70), (1, 60, 70)), ((60, 70, 3), (60, 70, 3)), ((900,), (400,))])
def test_what_hdf5plugin_wrote(file: Any, dtype: str, shape: Any, chunks: Any) -> None:
    image = images.make("ct", dtype, shape)
    dataset = file.create_dataset("a", data=image, chunks=chunks, **hdf5plugin.Htj2k())
    np.testing.assert_array_equal(read(dataset), image)
    assert verify(dataset).ok and all(block.kind == "j2k" for block in codestreams(dataset))
    if len(shape) == 3:  # their streams are decoded in full, then averaged
        rows = 0 if shape[-1] == 3 else 1
        cells = np.pad(image.astype(float), [(0, 2) if n == 70 else (0, 0) for n in shape], constant_values=np.nan)
        cells = cells.reshape((*shape[:rows], 15, 4, 18, 4, *shape[rows + 2 :]))
        np.testing.assert_array_equal(read(dataset, reduce=2), np.rint(np.nanmean(cells, axis=(rows + 1, rows + 3))))


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    image = images.make("xray", "uint16", (3, 64, 80))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = write_dataset(file, "a", image, rmse=3)
        assert verify(dataset).lossy == 3
        place = dataset.id.get_chunk_info(1)
        at = place.byte_offset + place.size // 2
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[at] ^= 8
    (tmp_path / "a.h5").write_bytes(data)
    with h5py.File(tmp_path / "a.h5") as file:
        found = verify(file["a"])
        assert found.lossy == 2 and "chunk 1, block 0 at (1, 0, 0)" in found.problems[0]


class NotFast(Exception):
    """b2h5py gave up its own way of reading."""


@pytest.mark.parametrize(
    "dtype, options",
    [
        ("uint16", {"container": "blosc2"}),
        ("uint16", {"container": "blosc2", "rmse": 4}),
        ("uint16", {"chunks": (2, 100, 120), "coder": "ht"}),
        ("uint16", {"chunks": (1, 64, 50), "coder": "part1"}),
        ("int32", {}),
        ("float32", {"max_error": 0.5}),
        ("uint8", {"container": "blosc2", "noise": True}),
    ],
    ids=str,
)
def test_fast_slices_by_b2h5py(tmp_path: Path, monkeypatch: Any, dtype: str, options: Dict[str, Any]) -> None:
    b2h5py = pytest.importorskip("b2h5py")
    monkeypatch.setattr(b2h5py.blosc2, "_no_opt_error", NotFast)
    is_noise = options.get("noise") is True
    image = images.make("noise" if is_noise else "xray", "uint8" if is_noise else "uint16", (3, 100, 120)).astype(dtype)
    options = {name: value for name, value in options.items() if value is not True}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_dataset(file, "a", image, **options)
    with h5py.File(tmp_path / "a.h5") as file:
        dataset = file["a"]
        slow = dataset[()]
        with b2h5py.fast_slicing():
            for region in ((slice(0, 2), slice(10, 50), slice(20, 90)), (1,), (slice(None), 7, slice(3, 4))):
                np.testing.assert_array_equal(dataset[region], slow[region])
        with b2h5py.fast_slicing(), pytest.raises(NotFast):
            dataset[::2]


@pytest.mark.parametrize(
    "dtype", ["uint8", ">u2", "int16", "int32", "float32", "int64", "float64", "bool", "complex64"]
)
@pytest.mark.parametrize("chunks", [(1, 100, 120), (2, 64, 50)], ids=str)
def test_options_for_plain_h5py(tmp_path: Path, dtype: str, chunks: Any) -> None:
    image = images.make("ct", "int16", (3, 100, 120)).astype(dtype)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", data=image, **hdf5_options(chunks, image.dtype))
        assert dataset.chunks == chunks and count_raw_chunks(dataset) == 0
        assert dataset.id.get_storage_size() < image.nbytes
        for block in codestreams(dataset):
            assert block.kind in ("jp2", "j2k") and block.block_shape == chunks
    np.testing.assert_array_equal(read_in_environment(tmp_path / "a.h5", "a"), image)


@pytest.mark.parametrize(
    "arguments, quality, error, text",
    [
        (((1, 64, 64), "u2"), {"ratio": 5}, ValueError, "ratio: HDF5's filter can carry no quality"),
        (((1, 64, 64), "u2"), {"rmse": None}, ValueError, "no quality"),
        (((1, 64, 64), "c16"), {}, TypeError, "complex128"),
        (((1, 64, 64), "S4"), {}, TypeError, "dtype"),
        (((0, 64), "u2"), {}, ValueError, "1 or more"),
        (((), "u2"), {}, ValueError, "1 or more"),
        (((40_000, 40_000), "u2"), {}, ValueError, "3200000000 bytes"),
    ],
    ids=str,
)
def test_wrong_options(arguments: Any, quality: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        hdf5_options(*arguments, **quality)


def test_raw_chunks_are_counted(file: Any) -> None:
    image = images.make("noise", "uint8", (3, 64, 64))
    image[1] = 7
    dataset = file.create_dataset("a", data=image, **hdf5_options((1, 64, 64), image.dtype))
    file.flush()
    masks = [dataset.id.get_chunk_info_by_coord((n, 0, 0)).filter_mask for n in range(3)]
    assert count_raw_chunks(dataset) == sum(mask != 0 for mask in masks)
    unknown = (0, 0, 0, 0, 5, 0, 200)  # a codec that nobody has
    missing = file.create_dataset("b", data=image, chunks=(1, 64, 64), compression=32026, compression_opts=unknown)
    file.flush()
    assert count_raw_chunks(missing) == 3


def run_tool(*command: Any) -> str:
    """A program of HDF5's own, which takes the filters from hdf5plugin and asks ``python`` for this package."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not there: Debian has it in hdf5-tools")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "HDF5_PLUGIN_PATH": str(hdf5plugin.PLUGIN_PATH)}
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return done.stdout.decode()


def test_h5dump_reads_both_containers(tmp_path: Path) -> None:
    image = images.make("xray", "uint16", (3, 64, 80))
    for container in ("htj2k", "blosc2"):
        with h5py.File(tmp_path / "a.h5", "w", libver=("earliest", "v110")) as file:
            write_dataset(file, "a", image, container=container)
        run_tool("h5dump", "-d", "/a", "-b", "LE", "-o", tmp_path / "a.bin", tmp_path / "a.h5")
        np.testing.assert_array_equal(np.fromfile(tmp_path / "a.bin", "<u2").reshape(image.shape), image)


def test_h5repack_reads_and_writes(tmp_path: Path) -> None:
    image = images.make("xray", "uint16", (3, 64, 80))
    with h5py.File(tmp_path / "a.h5", "w", libver=("earliest", "v110")) as file:
        write_dataset(file, "htj2k", image)
        write_dataset(file, "blosc2", image, container="blosc2")
    run_tool("h5repack", "-f", "NONE", tmp_path / "a.h5", tmp_path / "plain.h5")
    options = [str(n) for n in hdf5_options((1, 64, 80), "u2")["compression_opts"]]
    filtered = f"UD=32026,1,{len(options)},{','.join(options)}"
    run_tool("h5repack", "-l", "CHUNK=1x64x80", "-f", filtered, tmp_path / "plain.h5", tmp_path / "b.h5")
    with h5py.File(tmp_path / "plain.h5") as plain, h5py.File(tmp_path / "b.h5") as repacked:
        for name in ("htj2k", "blosc2"):
            assert plain[name].compression is None and count_raw_chunks(repacked[name]) == 0
            np.testing.assert_array_equal(plain[name][()], image)
            np.testing.assert_array_equal(repacked[name][()], image)
            assert [_native.describe_block(block.data)["engine"] for block in codestreams(repacked[name])]


def test_the_documentations_examples_run(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[2] / "docs" / "hdf5.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        exec(compile(example, "docs/hdf5.md", "exec"), {})
    for line in re.findall(r"^h5repack (.*?)  #", text, re.MULTILINE):
        run_tool("h5repack", *line.replace("in.h5", "plain.h5").split())
    with h5py.File("out.h5") as file:
        assert count_raw_chunks(file["frames"]) == 0 and file["frames"].id.get_storage_size() < file["frames"].nbytes
