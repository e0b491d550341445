# SPDX-License-Identifier: BSD-3-Clause
"""Files written and read by Dask: the same bytes as by one process, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Iterator, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")
h5py = pytest.importorskip("h5py")

from blosc2_grok.dask import from_b2nd, to_b2nd, to_hdf5  # noqa: E402

XRAY = images.make("xray", "uint16", (13, 100, 90))
FRAMES = {"chunks": (1, 100, 90), "blocks": (1, 100, 90)}


def data_of(array: Any) -> List[bytes]:
    return [block.data for block in blosc2_grok.codestreams(array)]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            yield client


@pytest.fixture
def on_threads() -> Iterator[None]:
    """Whatever client there is, it isn't used."""
    with dask.config.set(scheduler="threads"):
        yield


# The bytes


@pytest.mark.parametrize(
    "parts, options",
    [
        ((13, 100, 90), {}),
        ((1, 100, 90), {"ratio": 6}),
        ((4, 37, 50), {"max_error": 2, "coder": "ht"}),
        ((2, 100, 1), {"chunks": (3, 64, 60), "blocks": (1, 64, 32)}),
        ((6, 64, 90), {"chunks": (3, 64, 60), "blocks": (1, 64, 32), "psnr": 60}),
        ((4, 37, 50), {"noise": 0.25}),
        ((5, 100, 90), {"calibrate": "all", "ratio": 6, "params": {"bits_per_sample": "auto"}}),
    ],
    ids=str,
)
def test_the_file_is_the_one_that_asarray_writes(on_threads: None, tmp_path: Path, parts: Any, options: Any) -> None:
    stored = to_b2nd(da.from_array(XRAY, chunks=parts), tmp_path / "dask.b2nd", **options)
    blosc2_grok.asarray(XRAY, urlpath=str(tmp_path / "alone.b2nd"), **options)
    alone = blosc2.open(str(tmp_path / "alone.b2nd"), mode="r")
    assert (stored.chunks, stored.blocks) == (alone.chunks, alone.blocks)
    assert data_of(stored) == data_of(alone)
    assert dict(stored.schunk.meta) == dict(alone.schunk.meta)
    assert np.array_equal(stored[:], alone[:])
    assert (tmp_path / "dask.b2nd").stat().st_size == (tmp_path / "alone.b2nd").stat().st_size
    assert blosc2_grok.verify(stored).ok
    assert sorted(os.listdir(tmp_path)) == ["alone.b2nd", "dask.b2nd"]


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_every_scheduler_of_dask_will_do(scheduler: str, tmp_path: Path) -> None:
    x = da.from_array(XRAY, chunks=(7, 100, 90)) + np.uint16(1)
    with dask.config.set(scheduler=scheduler, num_workers=2):
        to_b2nd(x, tmp_path / "a.b2nd", **FRAMES)
        assert np.array_equal(from_b2nd(tmp_path / "a.b2nd", chunks=(7, 100, 90)).compute(), XRAY + 1)


@pytest.mark.parametrize("dtype", ["?", "i1", ">u2", "i4", "f4", "f8", "c8"])
def test_dtypes_and_zeros(on_threads: None, tmp_path: Path, dtype: str) -> None:
    samples = XRAY.astype(dtype)
    samples[4:8] = 0  # whole chunks of zeros are not encoded at all
    stored = to_b2nd(da.from_array(samples, chunks=(4, 100, 90)), tmp_path / "a.b2nd", chunks=(4, 100, 90))
    assert stored.dtype == samples.dtype
    assert np.array_equal(stored[:], samples)


@pytest.mark.parametrize("shape", [(), (0, 64, 64), (1,), (5000,), (2, 3, 4, 40, 50)], ids=str)
def test_shapes(on_threads: None, tmp_path: Path, shape: Any) -> None:
    samples = np.arange(int(np.prod(shape)), dtype="u2").reshape(shape)
    stored = to_b2nd(da.from_array(samples, chunks=-1), tmp_path / "a.b2nd")
    assert stored.shape == shape and np.array_equal(stored[()], samples)
    assert np.array_equal(from_b2nd(tmp_path / "a.b2nd").compute(), samples)


def test_reading_in_other_chunks(on_threads: None, tmp_path: Path) -> None:
    to_b2nd(da.from_array(XRAY), tmp_path / "a.b2nd", chunks=(2, 100, 90))
    assert from_b2nd(tmp_path / "a.b2nd").chunksize == (2, 100, 90)
    x = from_b2nd(str(tmp_path / "a.b2nd"), chunks=(5, 30, 90))
    assert x.chunksize == (5, 30, 90) and x.dtype == XRAY.dtype
    assert np.array_equal(x[3:9, ::-1, 7].compute(), XRAY[3:9, ::-1, 7])


def test_a_file_that_changed_is_another_dask_array(tmp_path: Path) -> None:
    blosc2_grok.asarray(XRAY, urlpath=str(tmp_path / "a.b2nd"))
    before = from_b2nd(tmp_path / "a.b2nd").name
    assert from_b2nd(tmp_path / "a.b2nd").name == before
    blosc2_grok.asarray(XRAY + 7, urlpath=str(tmp_path / "a.b2nd"), mode="w")
    assert from_b2nd(tmp_path / "a.b2nd").name != before


# HDF5


@pytest.mark.parametrize("options", [{}, {"ratio": 6, "coder": "ht"}, {"max_error": 3, "chunks": (2, 64, 64)}])
def test_hdf5_is_read_by_plain_h5py(on_threads: None, tmp_path: Path, options: Any) -> None:
    to_hdf5(da.from_array(XRAY, chunks=(3, 50, 90)), tmp_path / "a.h5", "entry/data", **options)
    expected = blosc2_grok.asarray(XRAY, **options)
    with h5py.File(tmp_path / "a.h5") as file:
        dataset = file["entry/data"]
        assert dataset.chunks == expected.chunks
        assert np.array_equal(dataset[:], expected[:])
        assert [block.data for block in blosc2_grok.codestreams(dataset)] == data_of(expected)
        assert blosc2_grok.verify(dataset).ok
        assert list(file["entry"]) == ["data"]
    assert os.listdir(tmp_path) == ["a.h5"]


def test_hdf5_datasets_join_a_file(on_threads: None, tmp_path: Path) -> None:
    x = da.from_array(XRAY)
    to_hdf5(x, tmp_path / "a.h5", "one")
    to_hdf5(x + np.uint16(1), tmp_path / "a.h5", "two", **FRAMES)
    with pytest.raises(ValueError, match="has a 'one' already"):
        to_hdf5(x, tmp_path / "a.h5", "one")
    with h5py.File(tmp_path / "a.h5") as file:
        assert sorted(file) == ["one", "two"]
        assert np.array_equal(file["one"][:], XRAY) and np.array_equal(file["two"][:], XRAY + 1)


# Errors


def fail_at(block: Any, block_info: Any = None) -> Any:
    if block_info[0]["chunk-location"][0] == 3:
        raise OSError("the detector's disk is gone")
    return block


@pytest.mark.parametrize("existed", [False, True])
def test_a_failing_source_leaves_nothing(on_threads: None, tmp_path: Path, existed: bool) -> None:
    x = da.from_array(XRAY, chunks=(2, 100, 90)).map_blocks(fail_at, dtype="u2", meta=XRAY[:0])
    if existed:
        blosc2_grok.asarray(XRAY, urlpath=str(tmp_path / "a.b2nd"))
        to_hdf5(da.from_array(XRAY), tmp_path / "a.h5", "kept")
    with pytest.raises(OSError, match="disk is gone"):
        to_b2nd(x, tmp_path / "a.b2nd", mode="w", **FRAMES)
    with pytest.raises(OSError, match="disk is gone"):
        to_hdf5(x, tmp_path / "a.h5", "entry/data", **FRAMES)
    assert sorted(os.listdir(tmp_path)) == (["a.b2nd", "a.h5"] if existed else [])
    if existed:
        assert np.array_equal(blosc2.open(str(tmp_path / "a.b2nd"))[:], XRAY)
        with h5py.File(tmp_path / "a.h5") as file:
            assert np.array_equal(file["kept"][:], XRAY)
            assert list(file.get("entry", {})) == []


def test_a_codecs_reason_comes_back(client: Any, tmp_path: Path) -> None:
    deep = np.minimum(XRAY, 4095)
    deep[9, 50, 50] = 5000
    with pytest.raises(blosc2_grok.Error, match=r"chunk at \(9, 0, 0\): .* 5000 don.t fit"):
        to_b2nd(da.from_array(deep), tmp_path / "a.b2nd", params={"bits_per_sample": 12}, **FRAMES)
    assert os.listdir(tmp_path) == []


def test_notices_of_workers_are_warnings(client: Any, tmp_path: Path) -> None:
    bits = images.random_bits(XRAY.shape, 3)
    holes = np.where(bits % 2 == 0, 0, XRAY).astype("u2")  # scattered over more than a segment holds
    with pytest.warns(UserWarning, match="keep"):
        to_b2nd(da.from_array(np.tile(holes, (1, 5, 5))), tmp_path / "a.b2nd", max_error=1, params={"keep": [0]})


def test_what_is_no_dask_array_of_known_shape(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"ndarray was given: it must be a dask\.array\.Array"):
        to_b2nd(XRAY, tmp_path / "a.b2nd")
    x = da.from_array(XRAY)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        to_b2nd(x[x > 5], tmp_path / "a.b2nd")
    with pytest.raises(ValueError, match="in_flight is 0"):
        to_b2nd(x, tmp_path / "a.b2nd", in_flight=0)
    with pytest.raises(TypeError, match="'psrn'"):
        to_hdf5(x, tmp_path / "a.h5", "data", psrn=50)
    with pytest.raises(ValueError, match="only one quality"):
        to_hdf5(x, tmp_path / "a.h5", "data", psnr=50, ratio=8)
    with pytest.raises(ValueError, match="no chunks in HDF5"):
        to_hdf5(da.from_array(np.uint16(5)), tmp_path / "a.h5", "data")
    assert os.listdir(tmp_path) == []


# A cluster


def count_and_die(block: Any, folder: str, fatal: int, block_info: Any = None) -> Any:
    """Leaves a mark for each time that a block is computed; the worker that first meets block ``fatal`` is killed."""
    number = block_info[0]["chunk-location"][0]
    with open(os.path.join(folder, f"{number}"), "a") as file:
        file.write(".")
    if number == fatal and os.path.getsize(os.path.join(folder, f"{number}")) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def marked(folder: Path, fatal: int = -1) -> Any:
    folder.mkdir()
    x = da.from_array(XRAY, chunks=FRAMES["chunks"])
    return x.map_blocks(count_and_die, str(folder), fatal, dtype="u2", meta=XRAY[:0])


def times(folder: Path) -> List[int]:
    return [os.path.getsize(folder / str(number)) for number in range(len(XRAY))]


@pytest.mark.parametrize("target", ["b2nd", "hdf5"])
def test_a_killed_worker_costs_only_its_chunks(client: Any, tmp_path: Path, target: str) -> None:
    x = marked(tmp_path / "marks", fatal=6)
    if target == "b2nd":
        stored = to_b2nd(x, tmp_path / "a.b2nd", in_flight=4, **FRAMES)
        assert data_of(stored) == data_of(blosc2_grok.asarray(XRAY, **FRAMES))
    else:
        to_hdf5(x, tmp_path / "a.h5", "data", in_flight=4, **FRAMES)
        with h5py.File(tmp_path / "a.h5") as file:
            assert np.array_equal(file["data"][:], XRAY)
    runs = times(tmp_path / "marks")
    assert runs[6] >= 2, "no worker was killed"
    # What was written by then is not computed again; up to in_flight others may have been with the worker.
    assert runs[:3] == [1, 1, 1] and runs[10:] == [1, 1, 1] and sum(runs) <= len(XRAY) + 4


@pytest.mark.parametrize("scheduler", ["cluster", "threads"])
def test_no_more_parts_are_computed_than_may_wait(request: Any, tmp_path: Path, scheduler: str) -> None:
    from blosc2_grok.dask import _DaskSource
    from blosc2_grok.recipe import ChunkRecipe

    if scheduler == "cluster":
        request.getfixturevalue("client")
    cparams, meta = blosc2_grok.cparams(), blosc2_grok.meta()
    recipe = ChunkRecipe(XRAY.shape, XRAY.dtype, FRAMES["chunks"], FRAMES["blocks"], cparams, meta)
    with dask.config.set({} if scheduler == "cluster" else {"scheduler": "threads"}):
        chunks = _DaskSource(marked(tmp_path / "marks"), in_flight=4).encoded_chunks(recipe)
        for written in range(1, 4):
            assert next(chunks)[0] == (written - 1, 0, 0)
            time.sleep(0.5)  # a writer that is slower than the workers
            assert len(os.listdir(tmp_path / "marks")) <= written + 4
        chunks.close()


def test_reading_on_a_cluster(client: Any, tmp_path: Path) -> None:
    blosc2_grok.asarray(XRAY, urlpath=str(tmp_path / "a.b2nd"), **FRAMES)
    x = from_b2nd(tmp_path / "a.b2nd")
    assert int(x.astype("u8").sum().compute()) == int(XRAY.astype("u8").sum())
    stored = to_b2nd(x.max(axis=0)[None], tmp_path / "b.b2nd")
    assert np.array_equal(stored[0], XRAY.max(axis=0))
