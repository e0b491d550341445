# SPDX-License-Identifier: BSD-3-Clause
"""Parameters belong to the array: in other threads, in other processes, and after what the host does to it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import Params, asarray, like, params_of

XRAY = images.make("xray", "uint16", (3, 160, 200))


def data_of(array: Any) -> List[bytes]:
    return [block.data for block in blosc2_grok.codestreams(array)]


# What the array is made of


@pytest.mark.parametrize(
    "shape, dtype",
    [
        ((1000, 900), "u2"),
        ((40, 64, 64), "u2"),
        ((900, 800, 3), "u1"),
        ((5, 700, 640), "u2"),
        ((300_000,), "u2"),
        ((), "u2"),
    ],
    ids=str,
)
def test_chunks_and_blocks(shape: Any, dtype: str) -> None:
    array = asarray(np.ones(shape, dtype))
    block_bytes = int(np.prod(array.blocks)) * array.dtype.itemsize
    assert block_bytes <= 1024 * 1024
    assert all(b <= c for b, c in zip(array.blocks, array.chunks))
    for whole, block in zip(array.shape, array.blocks):
        assert block % 32 == 0 or whole == block or block < 32
    if int(np.prod(shape)) * array.dtype.itemsize > 2 * 1024 * 1024:
        assert np.prod([-(-c // b) for c, b in zip(array.chunks, array.blocks)]) >= 4
    assert np.array_equal(array[()], np.ones(shape, dtype))


def test_the_layout_is_resolved_by_the_arrays_shape() -> None:
    for shape, layout in [((5, 40, 50), (1, 2)), ((40, 50, 3), (0, 1, 2)), ((1, 40, 1, 50), (1, 3)), ((500,), "row")]:
        assert params_of(asarray(np.ones(shape, "u1"))).layout == layout


def test_small_blocks_are_codestreams_and_large_ones_files() -> None:
    large = images.make("photo", "uint8", (300, 300))
    assert {block.kind for block in blosc2_grok.codestreams(asarray(large))} == {"jp2"}
    assert {block.kind for block in blosc2_grok.codestreams(asarray(large[:100, :100]))} == {"j2k"}


def test_sources_are_read_in_parts(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", data=XRAY)
        assert np.array_equal(asarray(dataset)[:], XRAY)
    assert np.array_equal(asarray(blosc2.asarray(XRAY))[:], XRAY)
    assert np.array_equal(asarray(XRAY.tolist(), dtype="uint16")[:], XRAY)
    assert np.array_equal(asarray(np.asfortranarray(XRAY))[:], XRAY)


@pytest.mark.parametrize("dtype", ["U3", "M8[s]", "O", "V3", "g"])
def test_other_dtypes_are_named(dtype: str) -> None:
    with pytest.raises(TypeError, match="can't be stored as JPEG 2000"):
        asarray(np.zeros((4, 4), dtype))


# What is said wrongly


@pytest.mark.parametrize(
    "keywords, text",
    [
        ({"ratio": 8, "psnr": 50}, "only one quality"),
        ({"rmse": 1, "params": {"max_error": 3}}, "only one can be kept"),
        ({"ratio": 0.5}, "ratio is 0.5"),
        ({"coder": "jpeg"}, "coder is 'jpeg'"),
        ({"coder": "part1", "params": {"mode": "HT"}}, "contradict"),
        ({"calibrate": "some", "ratio": 8}, "calibrate is 'some'"),
        ({"cparams": {"codec": blosc2.Codec.ZSTD}}, "codec is"),
        ({"cparams": {"filters": [blosc2.Filter.SHUFFLE]}}, "filters is"),
        ({"cparams": {"splitmode": blosc2.SplitMode.ALWAYS_SPLIT}}, "splitmode is"),
        ({"chunks": (3, 160)}, "chunks is"),
        ({"chunks": (1, 160, 200), "blocks": (2, 160, 200)}, "don't fit"),
        ({"params": {"tile_size": (5000, 5000)}}, "tile_size"),
        ({"psnr": 15}, "variance"),
        ({"noise": {"gane": 2}}, "gane"),
        ({"params": {}, "meta": {"grok": {}}}, "given twice"),
        ({"params": {"layout": (3, 4)}}, "layout names axis"),
        ({"copy": False}, "copy"),
    ],
    ids=str,
)
def test_nothing_is_created_after_a_mistake(tmp_path: Path, keywords: Dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        asarray(XRAY, urlpath=str(tmp_path / "a.b2nd"), **keywords)
    assert os.listdir(tmp_path) == []


def test_unknown_keywords() -> None:
    with pytest.raises(TypeError, match="params="):
        asarray(XRAY, num_resolutions=3)
    with pytest.raises(TypeError, match="'foo'"):
        asarray(XRAY, foo=3)


def test_what_depends_on_the_image_comes_first(tmp_path: Path) -> None:
    cases: List[Dict[str, Any]] = [
        {"params": {"roi_compno": 0, "roi_shift": 3}},
        {"params": {"quality_mode": "rates", "quality_layers": [200]}, "blocks": (1, 32, 32)},
        {"params": {"bits_per_sample": 4}},
    ]
    for keywords in cases:
        with pytest.raises(blosc2_grok.Error):
            asarray(XRAY, urlpath=str(tmp_path / "a.b2nd"), **keywords)
        assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("shape, encoded", [((64, 80), 1), ((2, 64, 80), 3)])  # of several, one is tried first
def test_the_only_block_is_encoded_once(shape: Any, encoded: int, capfd: pytest.CaptureFixture[str]) -> None:
    image = images.make("xray", "uint16", shape)
    one = (1, 64, 80)[-len(shape) :]
    asarray(image, coder="ht", psnr=60, params={"verbose": True}, chunks=one, blocks=one)
    assert capfd.readouterr().err.count("blosc2_grok: ") == encoded


@pytest.mark.parametrize("shape", [(64, 80), (2, 64, 80)])
def test_a_budget_below_what_headers_take_leaves_what_was_there(tmp_path: Path, shape: Any) -> None:
    path = tmp_path / "array.b2nd"
    path.write_bytes(b"there before")
    params = {"quality_mode": "rates", "quality_layers": [80]}
    one = (1, 64, 80)[-len(shape) :]
    with pytest.raises(blosc2_grok.Error, match="choose larger blocks than"):
        image = images.make("xray", "uint16", shape)
        asarray(image, params=params, chunks=one, blocks=one, urlpath=str(path), mode="w")
    assert path.read_bytes() == b"there before"
    assert [file.name for file in tmp_path.iterdir()] == ["array.b2nd"]


def test_too_many_planes() -> None:
    with pytest.raises(ValueError, match="16384"):
        asarray(np.zeros((20_000, 4, 4), "u1"), blocks=(20_000, 4, 4))


def test_cparams_of_the_caller_are_kept() -> None:
    array = asarray(XRAY, cparams=blosc2.CParams(nthreads=3, clevel=4), meta={"mine": {"a": 1}})
    assert array.schunk.cparams.nthreads == 3 and array.schunk.cparams.clevel == 4
    assert array.schunk.cparams.codec == blosc2.Codec.GROK
    assert array.schunk.meta["mine"] == {"a": 1}


# Files


def test_modes(tmp_path: Path) -> None:
    path = tmp_path / "a.b2nd"
    for mode in ("x", "w", "w"):
        array = asarray(XRAY, urlpath=path, mode=mode)
        assert array.schunk.urlpath == str(path)
        assert np.array_equal(array[:], XRAY)
    for mode in ("x", "a"):
        with pytest.raises(FileExistsError):
            asarray(XRAY, urlpath=path, mode=mode)
    with pytest.raises(FileExistsError):
        asarray(XRAY, urlpath=path)
    assert os.listdir(tmp_path) == ["a.b2nd"]
    array[0, :5] = 7
    assert (blosc2.open(str(path))[0, :5] == 7).all()


def test_a_directory(tmp_path: Path) -> None:
    for _ in range(2):
        array = asarray(XRAY, urlpath=str(tmp_path / "a.b2nd"), contiguous=False, mode="w")
        assert np.array_equal(array[:], XRAY)
    assert os.listdir(tmp_path) == ["a.b2nd"]


class Breaking:
    """A source that fails half-way."""

    shape, dtype = (8, 700, 900), np.dtype("u2")

    def __getitem__(self, key: Any) -> Any:
        if key[0].start > 4:
            raise OSError("the disk is gone")
        return np.ones([k.stop - k.start for k in key], "u2")


def test_a_failed_write_leaves_nothing_and_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.b2nd"
    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            asarray(Breaking(), urlpath=path, mode="w", chunks=(1, 700, 900))
        before = os.listdir(tmp_path)
        asarray(XRAY, urlpath=path, mode="w")
    assert before == ["a.b2nd"]
    assert np.array_equal(blosc2.open(str(path))[:], XRAY)


# Later, elsewhere

UPDATE = """
import sys, blosc2, blosc2_grok, numpy as np
array = blosc2.open(sys.argv[1], mode="a")
image = np.load(sys.argv[2])
array.resize((5, *array.shape[1:]))
array[3:5] = image[:2]
array[0] = image[1]
"""


def test_updates_in_another_process_use_the_same_parameters(tmp_path: Path) -> None:
    array = asarray(XRAY, max_error=6, urlpath=tmp_path / "a.b2nd", chunks=(1, 160, 200), blocks=(1, 160, 200))
    blocks = data_of(array)
    np.save(tmp_path / "image.npy", XRAY)
    del array
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    files = [str(tmp_path / "a.b2nd"), str(tmp_path / "image.npy")]
    subprocess.run([sys.executable, "-c", UPDATE, *files], check=True, env=environment)
    after = data_of(str(tmp_path / "a.b2nd"))
    assert after == [blocks[1], blocks[1], blocks[2], blocks[0], blocks[1]]
    assert params_of(tmp_path / "a.b2nd").max_error == 6


def test_two_arrays_in_two_threads(is_long: bool) -> None:
    settings: List[Dict[str, Any]] = [
        {"max_error": 4},
        {"params": {"num_resolutions": 3, "progression": "RPCL", "cod_format": "GRK_FMT_JP2"}},
    ]
    image = XRAY[0, :96, :128]
    alone = [data_of(asarray(image, **setting)) for setting in settings]
    failures: List[BaseException] = []
    start = threading.Barrier(2)

    def write(number: int) -> None:
        try:
            start.wait()
            for _ in range(200 if is_long else 20):
                assert data_of(asarray(image, **settings[number])) == alone[number]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def stored_max_error(array: Any) -> Optional[float]:
    try:
        return params_of(array).max_error
    except blosc2_grok.Error:
        return None


def test_what_the_host_keeps(tmp_path: Path) -> None:
    """The table in docs/design.md: metalayer and codec are kept by what copies frames, not by what makes new arrays."""
    b = asarray(XRAY, max_error=6)
    path = str(tmp_path / "copy.b2nd")
    b.save(path)
    kept = {
        "copy": b.copy(),
        "save": blosc2.open(path),
        "cframe": blosc2.ndarray_from_cframe(b.to_cframe()),
        "asarray + like": blosc2.asarray(b, chunks=(1, 160, 200), blocks=(1, 160, 200), **like(b)),
        "our asarray + like": asarray(b[:2], **like(b)),
        "compute + like": (b + 1).compute(**like(b)),
    }
    dropped = {
        "slice": b.slice((slice(0, 2),)),
        "asarray": blosc2.asarray(b, chunks=(1, 160, 200), blocks=(1, 160, 200)),
        "compute": (b + 1).compute(),
    }
    assert {name: stored_max_error(array) for name, array in kept.items()} == dict.fromkeys(kept, 6.0)
    assert {name: stored_max_error(array) for name, array in dropped.items()} == dict.fromkeys(dropped, None)
    b.resize((4, 160, 200))
    assert stored_max_error(b) == 6


def test_a_ratio_sets_codec_meta_for_what_drops_the_metalayer() -> None:
    array = asarray(XRAY, ratio=8)
    assert array.schunk.cparams.codec_meta == 80
    assert params_of(array).rmse is not None
    assert asarray(XRAY, ratio=1.2).schunk.cparams.codec_meta == 0  # lossless: there, it would count


def test_meta_and_cparams_with_blosc2_alone() -> None:
    array = blosc2.asarray(
        XRAY, chunks=XRAY.shape, blocks=(1, 160, 200), cparams=blosc2_grok.cparams(), meta=blosc2_grok.meta(max_error=9)
    )
    assert params_of(array) == Params(max_error=9)
    assert params_of(array.schunk) == Params(max_error=9)
    assert 0 < np.abs(array[:].astype(int) - XRAY).max() <= 9
    assert blosc2_grok.cparams(rate=5, nthreads=2)["codec_meta"] == 50
    with pytest.raises(ValueError, match="rate is 30"):
        blosc2_grok.cparams(rate=30)
    with pytest.raises(blosc2_grok.Error, match="no parameters"):
        params_of(blosc2.asarray(XRAY))


def test_bits_per_sample_auto() -> None:
    for image, bits in [(XRAY >> 6, 9), (np.array([[-5, 7]], "i2"), 4), (np.array([[-8, 0]], "i1"), 4)]:
        array = asarray(image, params={"bits_per_sample": "auto"})
        assert params_of(array).bits_per_sample == bits
        assert np.array_equal(array[:], image)
    assert params_of(asarray(XRAY.astype("f4"), params={"bits_per_sample": "auto"})).bits_per_sample is None


def test_the_guard_against_collapsed_arrays() -> None:
    ten_bits = (XRAY >> 6).astype("u2")
    with pytest.raises(ValueError, match=r"peak of 65535 .*9 of 16 bits in use"):
        asarray(ten_bits, psnr=40)
    asarray(ten_bits, psnr=40, params={"bits_per_sample": "auto"})
    asarray(np.full((64, 64), 7, "u2"), psnr=40)  # constant: there is nothing to lose


def test_the_guard_looks_at_all_samples_before_it_refuses() -> None:
    image = np.full((600, 600), 100, "u2")
    image[300, 1] = 60_000  # all of the variance
    assert image.var() > 90**2
    asarray(image, rmse=90)
    with pytest.raises(ValueError, match="nothing would be left"):
        asarray(image, rmse=110)


def test_notices_are_warnings() -> None:
    with pytest.warns(UserWarning, match="roi_compno=3 has no effect"):
        asarray(XRAY, params={"roi_compno": 3, "roi_shift": 30})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asarray(XRAY, ratio=8)


def test_colour_transform_by_default() -> None:
    photo = images.make("photo", "uint8", (100, 120, 3))
    (block,) = blosc2_grok.codestreams(asarray(photo))
    from blosc2_grok import _native

    assert _native.describe_block(block.data)["codestream"]["mct"] == 1
    (block,) = blosc2_grok.codestreams(asarray(photo, params={"mct": 0}))
    assert _native.describe_block(block.data)["codestream"]["mct"] == 0


def test_progress_counts_every_chunk_up_to_all_bytes() -> None:
    image = images.make("xray", "uint16", (5, 60, 80))
    seen: List[Any] = []
    array = asarray(image, chunks=(2, 60, 80), blocks=(1, 60, 80), progress=lambda *counts: seen.append(counts))
    frame = 60 * 80 * 2
    assert [done for done, _, _ in seen] == [2 * frame, 4 * frame, 5 * frame]
    assert {total for _, _, total in seen} == {5 * frame}
    assert seen[-1][1] == array.schunk.cbytes
