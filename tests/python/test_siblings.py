# SPDX-License-Identifier: BSD-3-Clause
"""Arrays of blosc2-j2k and blosc2-htj2k: read in place, and made ours without coding anything again."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import blosc2
import h5py
import hdf5plugin
import numpy as np
import pytest

import blosc2_grok
import blosc2_grok.hdf5
from blosc2_grok import convert
from blosc2_grok.hdf5 import convert_file
from blosc2_grok.host_faults import knows_siblings
from images import means_of_cells

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDER = GOLDEN / "siblings"
CASES = [pytest.param(c, id=c["file"]) for c in json.loads((FOLDER / "cases.json").read_text())["cases"]]
LIBRARIES = Path(blosc2_grok.libpath).parent

needs_readers = pytest.mark.skipif(
    any(importlib.util.find_spec(f"blosc2_{name}") for name in ("j2k", "htj2k")),
    reason="the packages themselves are installed here, and read their arrays",
)


def original(name: str) -> Any:
    sys.path.insert(0, str(GOLDEN))  # make_siblings imports make_golden
    try:
        import make_siblings
    finally:
        sys.path.remove(str(GOLDEN))
    return make_siblings.case_image(name)


def check_samples(samples: Any, case: Any) -> None:
    """What the package itself reads; with the 9/7 wavelet, whose results are rounded, at least as near to the truth."""
    assert (list(samples.shape), samples.dtype.str) == (case["shape"], case["dtype"])
    if case["lossless"] or hashlib.sha256(samples.tobytes()).hexdigest() == case["samples_sha256"]:
        assert hashlib.sha256(samples.tobytes()).hexdigest() == case["samples_sha256"]
        return
    error = np.abs(samples.astype(int) - original(case["name"]).astype(int))
    assert error.max() <= case["max_error"] + 1
    assert np.sqrt((error**2).mean()) <= case["rmse"] + 0.1


def data_of(path: Path) -> List[bytes]:
    return [block.data for block in blosc2_grok.codestreams(str(path))]


def test_there_are_lossy_and_lossless_arrays_of_both() -> None:
    kinds = {(case.values[0]["codec"], case.values[0]["lossless"]) for case in CASES}
    assert kinds == {(39, True), (39, False), (40, True), (40, False)}


# In place


needs_host = pytest.mark.skipif(not knows_siblings(), reason="Blosc2 before 4.4 doesn't look for codecs 39 and 40")


@needs_readers
def test_the_readers_are_there() -> None:
    assert blosc2_grok.diagnose()["siblings"] == {"j2k": "blosc2_grok", "htj2k": "blosc2_grok"}


@needs_host
@needs_readers
@pytest.mark.parametrize("case", CASES)
def test_reading_in_place(case: Any) -> None:
    check_samples(blosc2.open(str(FOLDER / case["file"]), mode="r")[...], case)


@pytest.mark.parametrize("version", ["4.14.1", "4.3.3"])
@pytest.mark.parametrize("case", CASES)
def test_reading_by_ourselves(case: Any, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the host doesn't know the codec, and at a lower resolution, which nobody's blocks have."""
    if not knows_siblings() and version == "4.14.1":
        pytest.skip("what newer hosts do")
    monkeypatch.setattr(blosc2, "__version__", version)
    path = str(FOLDER / case["file"])
    samples = blosc2_grok.read(path)
    check_samples(samples, case)
    array = blosc2.open(path, mode="r")
    if array.ndim == 2 and array.blocks == array.shape:
        np.testing.assert_array_equal(blosc2_grok.read(path, reduce=1), means_of_cells(samples))


@needs_host
@needs_readers
@pytest.mark.parametrize("codec", [39, 40])
def test_writing_is_refused_with_a_reason(codec: int) -> None:
    samples = np.arange(4000, dtype="u1").reshape(40, 100)
    serial = blosc2_grok.message_serial()
    with pytest.raises(RuntimeError):
        blosc2.asarray(samples, chunks=(40, 100), blocks=(40, 100), cparams={"codec": codec, "filters": []})
    assert "read here, not written" in str(blosc2_grok.last_error(serial))


@needs_readers
@pytest.mark.parametrize("kind", ["j2k", "htj2k"])
def test_in_hdf5_by_direct_chunk_write(tmp_path: Path, kind: str) -> None:
    array = blosc2.open(str(FOLDER / f"{kind}-u1.b2nd"), mode="r")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset(
            "data", array.shape, array.dtype, chunks=array.chunks, compression=hdf5plugin.Blosc2.filter_id
        )
        dataset.id.write_direct_chunk((0, 0), array.to_cframe())
        assert np.array_equal(dataset[...], original("u1"))


@pytest.mark.parametrize("name", ["j2k", "htj2k"])
def test_the_real_package_comes_first(tmp_path: Path, name: str) -> None:
    """A stranger's package of this name, which needn't even work: importing ours must not import it either."""
    (tmp_path / f"blosc2_{name}").mkdir()
    (tmp_path / f"blosc2_{name}" / "__init__.py").write_text("raise SystemExit('imported')")
    program = (
        "import blosc2_grok, json; print(json.dumps([blosc2_grok.diagnose()['siblings'],"
        " [line.split()[-1] for line in open('/proc/self/maps') if 'libblosc2_' in line]]))"
    )
    search = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=True, env=search)
    served, mapped = json.loads(done.stdout)
    assert served[name] == "package"
    assert not any(path.endswith(f"libblosc2_{name}.so") for path in mapped)
    assert any(path.endswith("libblosc2_grok.so") for path in mapped)


# Converted


@pytest.mark.parametrize("case", CASES)
def test_converting_changes_nothing_but_the_codec(tmp_path: Path, case: Any) -> None:
    source, target = FOLDER / case["file"], tmp_path / "a.b2nd"
    before = source.read_bytes()
    converted = convert(source, target)
    assert source.read_bytes() == before and os.listdir(tmp_path) == ["a.b2nd"]
    assert converted.schunk.cparams.codec == blosc2.Codec.GROK
    check_samples(converted[...], case)
    assert data_of(target) == data_of(source)
    assert dict(converted.schunk.vlmeta.getall()) == dict(blosc2.open(str(source), mode="r").schunk.vlmeta.getall())
    assert blosc2_grok.verify(converted).ok
    for number in range(converted.schunk.nchunks):
        assert converted.schunk.get_chunk(number)[22] not in (39, 40)


def test_a_converted_array_needs_no_reader_of_its_codec(tmp_path: Path) -> None:
    convert(FOLDER / "htj2k-u2-edges.b2nd", tmp_path / "a.b2nd")
    program = "import sys, blosc2; sys.stdout.buffer.write(blosc2.open(sys.argv[1], mode='r')[...].tobytes())"
    search = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-c", program, str(tmp_path / "a.b2nd")]
    done = subprocess.run(command, capture_output=True, check=True, env=search)
    assert done.stdout == original("u2-edges").tobytes()


def test_a_converted_array_can_be_changed(tmp_path: Path) -> None:
    converted = convert(FOLDER / "j2k-i2-frames.b2nd", tmp_path / "a.b2nd")
    converted[1] = 7
    expected = original("i2-frames")
    expected[1] = 7
    assert np.array_equal(blosc2.open(str(tmp_path / "a.b2nd"), mode="r")[...], expected)


@pytest.mark.parametrize("kind, codec_meta", [("j2k", 40), ("htj2k", 0)])
def test_a_rate_stays_where_it_means_the_same(tmp_path: Path, kind: str, codec_meta: int) -> None:
    converted = convert(FOLDER / f"{kind}-u1-lossy.b2nd", tmp_path / "a.b2nd")
    assert converted.schunk.cparams.codec_meta == codec_meta


def test_other_metalayers_come_along(tmp_path: Path) -> None:
    source = blosc2.open(str(FOLDER / "j2k-u1.b2nd"), mode="r")
    options = {"cparams": {"codec": 39, "filters": []}, "meta": {"instrument": {"distance": 2.5}}}
    made = blosc2.empty(
        source.shape,
        dtype=source.dtype,
        chunks=source.chunks,
        blocks=source.blocks,
        urlpath=str(tmp_path / "a.b2nd"),
        **options,
    )
    made.schunk.update_chunk(0, source.schunk.get_chunk(0))
    del made
    converted = convert(tmp_path / "a.b2nd", tmp_path / "b.b2nd")
    assert converted.schunk.meta["instrument"] == {"distance": 2.5}
    assert np.array_equal(converted[...], original("u1"))


def test_targets(tmp_path: Path) -> None:
    target = tmp_path / "a.b2nd"
    shutil.copy(FOLDER / "j2k-u1.b2nd", target)
    with pytest.raises(FileExistsError):
        convert(FOLDER / "htj2k-u1.b2nd", target)
    assert target.read_bytes() == (FOLDER / "j2k-u1.b2nd").read_bytes()
    converted = convert(target, target, mode="w")  # in place
    assert converted.schunk.cparams.codec == blosc2.Codec.GROK and np.array_equal(converted[...], original("u1"))
    assert os.listdir(tmp_path) == ["a.b2nd"]


def with_changed_block(path: Path, start: int, data: bytes) -> Path:
    """A copy of j2k-u1.b2nd whose only block has other bytes from ``start`` on."""
    shutil.copy(FOLDER / "j2k-u1.b2nd", path)
    array = blosc2.open(str(path), mode="a")
    chunk = bytearray(array.schunk.get_chunk(0))
    at = struct.unpack_from("<i", chunk, 32)[0] + 4 + start
    chunk[at : at + len(data)] = data
    array.schunk.update_chunk(0, bytes(chunk))
    return path


@pytest.mark.parametrize(
    "start, data, reason",
    [
        (0, b"B2JPF32\x00\x01\x00\x40\x00", r"chunk 0, block 0 at \(0, 0\) was written in float mode"),
        (0, b"\x00" * 12, r"chunk 0, block 0 at \(0, 0\) is damaged, or no codestream"),
        (85 + 8, struct.pack(">I", 71), "chunk 0 can't be decoded: stored block holds 3550 bytes"),  # the width in SIZ
    ],
    ids=["float", "foreign", "damaged"],
)
def test_blocks_that_cant_be_converted(tmp_path: Path, start: int, data: bytes, reason: str) -> None:
    source = with_changed_block(tmp_path / "a.b2nd", start, data)
    with pytest.raises(blosc2_grok.Error, match=reason):
        convert(source, tmp_path / "b.b2nd")
    assert os.listdir(tmp_path) == ["a.b2nd"]


def test_arrays_of_other_codecs(tmp_path: Path) -> None:
    samples = np.zeros((64, 64), "u2")
    blosc2.asarray(samples, urlpath=str(tmp_path / "zstd.b2nd"))
    blosc2_grok.asarray(samples, urlpath=str(tmp_path / "grok.b2nd"))
    for name, codec in (("zstd", 5), ("grok", 37)):
        with pytest.raises(ValueError, match=f"of codec {codec}: only 39"):
            convert(tmp_path / f"{name}.b2nd", tmp_path / "b.b2nd")
    blosc2.SChunk(data=b"abc" * 100, urlpath=str(tmp_path / "plain.b2frame"), mode="w")
    with pytest.raises(TypeError, match="plain SChunk"):
        convert(tmp_path / "plain.b2frame", tmp_path / "b.b2nd")
    assert not (tmp_path / "b.b2nd").exists()


# In HDF5


def stored_in_hdf5(path: Path, names: List[str]) -> Path:
    """Frames of these files as datasets, by direct chunk write, with an attribute and a plain neighbour."""
    with h5py.File(path, "w") as file:
        for name in names:
            array = blosc2.open(str(FOLDER / f"{name}.b2nd"), mode="r")
            options = (0, 0, 0, 0, 5, 0, 39 if name.startswith("j2k") else 40)
            how = {"chunks": array.shape, "compression": 32026, "compression_opts": options}
            dataset = file.create_dataset(f"entry/{name}", array.shape, array.dtype, **how)
            dataset.attrs["units"] = "counts"
            whole = blosc2.empty(
                array.shape, dtype=array.dtype, chunks=array.chunks, blocks=array.blocks, cparams=array.schunk.cparams
            )
            whole.schunk.update_chunk(0, array.schunk.get_chunk(0))
            dataset.id.write_direct_chunk((0,) * array.ndim, whole.to_cframe())
        file["entry/angles"] = np.arange(6.0)
    return path


def test_datasets_of_hdf5_files_are_converted(tmp_path: Path) -> None:
    source = stored_in_hdf5(tmp_path / "a.h5", ["j2k-u1", "htj2k-u1"])
    done = {one.name: one.treatment for one in convert_file(source, tmp_path / "b.h5")}
    assert done == {"/entry/angles": "copied", "/entry/htj2k-u1": "converted", "/entry/j2k-u1": "converted"}
    with h5py.File(source) as before, h5py.File(tmp_path / "b.h5") as after:
        assert np.array_equal(after["entry/angles"][...], np.arange(6.0))
        for name in ("j2k-u1", "htj2k-u1"):
            old, new = before[f"entry/{name}"], after[f"entry/{name}"]
            assert new.attrs["units"] == "counts"
            assert new.id.get_create_plist().get_filter(0)[2][6] == 37
            _, frame = new.id.read_direct_chunk((0, 0))
            assert blosc2.schunk_from_cframe(frame).cparams.codec == blosc2.Codec.GROK
            assert [b.data for b in blosc2_grok.codestreams(new)] == [b.data for b in blosc2_grok.codestreams(old)]
            assert np.array_equal(new[...], original("u1"))


def test_a_damaged_block_leaves_no_file(tmp_path: Path) -> None:
    array = blosc2.open(str(with_changed_block(tmp_path / "a.b2nd", 0, b"B2JPF32\x00")), mode="r")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("data", array.shape, array.dtype, chunks=array.chunks, compression=32026)
        dataset.id.write_direct_chunk((0, 0), array.to_cframe())
    with pytest.raises(blosc2_grok.Error, match=r"/data, chunk at \(0, 0\): .* in float mode"):
        convert_file(tmp_path / "a.h5", tmp_path / "b.h5")
    assert sorted(os.listdir(tmp_path)) == ["a.b2nd", "a.h5"]


def test_hdf5_files_without_such_datasets_say_what_to_do(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        blosc2_grok.hdf5.write_dataset(file, "data", original("u1"))
    with pytest.raises(ValueError, match="no dataset of codec 39 .* /data is of filter 32033, which is read as it is"):
        convert_file(tmp_path / "a.h5", tmp_path / "b.h5")
    with pytest.raises(ValueError, match="hdf5.convert_file converts"):
        convert(tmp_path / "a.h5", tmp_path / "b.b2nd")
    assert os.listdir(tmp_path) == ["a.h5"]
