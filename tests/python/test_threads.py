# SPDX-License-Identifier: BSD-3-Clause
"""No state is shared: not between calls, not between threads, not with a forked child."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
import time
from typing import Any, Callable, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import Params, _native
from cases import Case, has_engine, store

ROUNDS = 60


def array_of(image: images.Image, codec_meta: int = 0, blocks: Any = None, nthreads: int = 1) -> Any:
    cparams = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": codec_meta,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
        "nthreads": nthreads,
    }
    dparams = {"nthreads": nthreads}
    return blosc2.asarray(image, chunks=image.shape, blocks=blocks or image.shape, cparams=cparams, dparams=dparams)


def data_of(array: Any) -> List[bytes]:
    return [block.data for block in blosc2_grok.codestreams(array)]


def run_at_once(jobs: List[Callable[[], None]]) -> None:
    """Runs every job in a thread of its own; the first exception of any is raised here."""
    failures: List[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        start.wait()
        try:
            job()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_codec_meta_leaves_nothing_behind() -> None:
    image = images.make("photo", "uint8", (100, 150, 3))
    before = data_of(array_of(image))
    lossy = array_of(image, codec_meta=50)
    after = array_of(image)
    assert not np.array_equal(lossy[:], image)
    assert data_of(after) == before
    np.testing.assert_array_equal(after[:], image)


def test_lossless_and_lossy_at_once() -> None:
    image = images.make("xray", "uint16", (64, 96))
    expected = {codec_meta: data_of(array_of(image, codec_meta)) for codec_meta in (0, 40, 100, 200)}

    def job(codec_meta: int) -> None:
        for _ in range(ROUNDS):
            array = array_of(image, codec_meta)
            assert data_of(array) == expected[codec_meta]
            if codec_meta == 0:
                np.testing.assert_array_equal(array[:], image)

    run_at_once([lambda codec_meta=codec_meta: job(codec_meta) for codec_meta in expected])  # type: ignore[misc]


def test_defaults_swapped_meanwhile() -> None:
    """Every block has the one set or the other, whole: no mixture, no crash."""
    image = images.make("photo", "uint8", (64, 96, 3))
    sets = [
        {"num_resolutions": 3, "codeblock_size": (16, 16), "progression": "RPCL", "quality_mode": None},
        {"num_resolutions": 5, "quality_mode": "rates", "quality_layers": [20.0, 8.0], "cod_format": 1},
    ]
    allowed = set()
    for parameters in sets:
        blosc2_grok.set_params_defaults(**parameters)
        allowed.update(data_of(array_of(image)))
    assert len(allowed) == 2
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for parameters in sets:
                blosc2_grok.set_params_defaults(**parameters)

    def encode() -> None:
        for _ in range(ROUNDS):
            assert set(data_of(array_of(image))) <= allowed

    def encode_all() -> None:
        try:
            run_at_once([encode, encode, encode])
        finally:
            stop.set()

    run_at_once([swap, encode_all])


def test_reading_at_once() -> None:
    image = images.make("xray", "uint16", (256, 256))
    array = array_of(image, blocks=(64, 64))

    def read() -> None:
        for _ in range(ROUNDS // 4):
            np.testing.assert_array_equal(array[:], image)

    run_at_once([read] * 4)


@pytest.mark.parametrize("parameters", [{}, {"quality_mode": "rates", "quality_layers": [10]}, {"tile_size": (64, 64)}])
def test_threads_inside_a_block_change_no_byte(parameters: Any) -> None:
    image = images.make("xray", "uint16", (300, 400))
    blocks = [
        _native.encode_block(image, parameters=Params(num_threads=threads, **parameters).to_dict())
        for threads in (0, 1, 2, 4)
    ]
    assert blocks[0] and blocks[1:] == blocks[:-1]
    decoded = [bytes(_native.decode_block(blocks[0], image.nbytes, threads)) for threads in (1, 2, 4)]
    assert decoded[1:] == decoded[:-1]


def most_tasks_after(call: Callable[[], Any]) -> int:
    """How many more threads there are once it has returned; they wait 0.1 s for another call, which may be missed."""
    most = 0
    for _ in range(5):
        time.sleep(0.3)
        before = len(os.listdir("/proc/self/task"))
        call()
        most = max(most, len(os.listdir("/proc/self/task")) - before)
    return most


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads by Linux's /proc")
@pytest.mark.parametrize("mode", [0, 64], ids=["part1", "ht"])
def test_threads_inside_a_block_are_there(mode: int) -> None:
    image = images.make("xray", "uint16", (1200, 1000))
    parameters = Params(num_threads=3, mode=mode).to_dict()
    block = _native.encode_block(image, parameters=parameters)
    assert block is not None
    assert most_tasks_after(lambda: _native.encode_block(image, parameters=parameters)) == 2
    assert most_tasks_after(lambda: _native.decode_block(block, image.nbytes, threads=3)) == 2


def test_blosc2_threads_with_threads_inside() -> None:
    case = Case("", "xray", "uint16", (256, 256), blocks=(64, 64), parameters={"num_threads": 2})
    image = case.image()
    for nthreads in (1, 2, 8):
        array = store(case, image, cparams={"nthreads": nthreads}, dparams={"nthreads": nthreads})
        np.testing.assert_array_equal(array[:], image)


def _child(queue: Any) -> None:
    try:
        image = images.make("xray", "uint16", (100, 150))
        parameters = Params(num_threads=2).to_dict()
        block = _native.encode_block(image, parameters=parameters)
        assert block is not None
        assert bytes(_native.decode_block(block, image.nbytes, threads=2)) == image.tobytes()
        # One thread of Blosc2's: it waits for ever for its own pool after a fork, whatever the codec.
        array = array_of(image, blocks=(50, 50), nthreads=1)
        np.testing.assert_array_equal(array[:], image)
        blosc2_grok.set_params_defaults(cod_format="GRK_FMT_J2K")
        (raw,) = data_of(array_of(image))
        assert raw.startswith(b"\xff\x4f")
        queue.put("ok")
    except BaseException as error:
        queue.put(repr(error))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_child_encodes_and_decodes(method: str) -> None:
    image = images.make("xray", "uint16", (100, 150))
    np.testing.assert_array_equal(array_of(image, blocks=(50, 50), nthreads=4)[:], image)  # the parent's threads
    _native.encode_block(image, parameters=Params(num_threads=4).to_dict())
    context: Any = multiprocessing.get_context(method)
    for _ in range(3):
        queue = context.Queue()
        child = context.Process(target=_child, args=(queue,))
        child.start()
        try:
            assert queue.get(timeout=60) == "ok"
            child.join(60)
            assert child.exitcode == 0
        finally:
            child.kill()


def _grok_child(queue: Any) -> None:
    try:
        image = images.make("xray", "uint16", (200, 300))
        blocks: List[Any] = []

        def encode() -> None:
            for threads in (1, 2, 1):
                parameters = Params(engine="grok", num_threads=threads).to_dict()
                blocks.append(_native.encode_block(image, parameters=parameters))

        run_at_once([encode] * 3)
        queue.put(hashlib.sha256(blocks[0]).hexdigest() if len(set(blocks)) == 1 else "blocks differ")
    except BaseException as error:
        queue.put(repr(error))


def test_two_processes_with_threads_of_grok() -> None:
    if not has_engine("grok"):
        pytest.skip("this build has no engine grok")
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    children = [context.Process(target=_grok_child, args=(queue,)) for _ in range(2)]
    for child in children:
        child.start()
    try:
        first, second = queue.get(timeout=60), queue.get(timeout=60)
        assert first == second and len(first) == 64, (first, second)
    finally:
        for child in children:
            child.kill()


def test_fork_while_others_encode() -> None:
    """A lock held by another thread at the moment of the fork must not stay locked in the child."""
    import os
    import time
    import warnings

    image = images.make("xray", "uint16", (64, 64))
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            _native.encode_block(image)
            blosc2_grok.set_params_defaults()
            try:
                _native.decode_block(b"nonsense", 10)
            except blosc2_grok.Error:
                pass

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if child == 0:
                status = 1
                try:
                    block = _native.encode_block(image)
                    right = block is not None and _native.decode_block(block, image.nbytes) == image.tobytes()
                    blosc2_grok.last_error()
                    status = 0 if right else 2
                finally:
                    os._exit(status)
            deadline = time.monotonic() + 30
            while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
                if time.monotonic() > deadline:
                    os.kill(child, 9)
                    os.waitpid(child, 0)
                    pytest.fail("the child hangs")
                time.sleep(0.005)
            assert done[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
