# SPDX-License-Identifier: BSD-3-Clause
"""Many threads for long, forked children meanwhile, a program that ends before its threads, memory over many rounds."""

from __future__ import annotations

import multiprocessing
import threading
from contextlib import contextmanager
from typing import Any, Iterator, List

import blosc2
import numpy as np
import pytest
from test_threads import data_of, run_at_once

import blosc2_grok
import endurance_worker
import images
from blosc2_grok import Params, _native
from cases import has_engine
from processes import run_worker

THREADS, QUICK_ROUNDS, LONG_ROUNDS = 8, 4, 1000
QUICK_MEMORY, LONG_MEMORY = 1000, 10_000
MOST_GROWTH = 8 * 1024  # KiB: what allocators and caches take for themselves in the first rounds

WAYS: List[Any] = [  # one a thread; parameters of their own, so that the defaults are no matter
    ("openjpeg", {"engine": "openjpeg"}) if has_engine("openjpeg") else ("RLCP", {"progression": "RLCP"}),
    ("j2k", {"engine": "j2k", "cod_format": 1}),
    ("HT", {"mode": "HT"}),
    ("HT-rmse", {"mode": "HT", "rmse": 4}),
    ("rates", {"quality_mode": "rates", "quality_layers": [8], "progression": "RPCL"}),
    ("psnr", {"psnr": 55, "num_resolutions": 3}),
    ("max_error", {"max_error": 3, "tile_size": (32, 32)}),
    ("grok", {"engine": "grok"}) if has_engine("grok") else ("guard-bits", {"mode": "HT", "numgbits": 3}),
]


def make_array(image: images.Image, parameters: Any, nthreads: int = 1) -> Any:
    meta, cparams = blosc2_grok.meta(**parameters), blosc2_grok.cparams(nthreads=nthreads)
    blocks = (32, image.shape[1])
    return blosc2.asarray(
        image, chunks=image.shape, blocks=blocks, meta=meta, cparams=cparams, dparams={"nthreads": nthreads}
    )


@contextmanager
def running(*jobs: Any) -> Iterator[None]:
    """Calls each of ``jobs`` over and over in a thread of its own while the body runs."""
    stop = threading.Event()

    def repeat(job: Any) -> None:
        while not stop.is_set():
            job()

    threads = [threading.Thread(target=repeat, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def change_defaults() -> None:
    blosc2_grok.set_params_defaults(quality_mode="rates", quality_layers=[20.0], num_resolutions=2)
    blosc2_grok.set_params_defaults(mode="HT", cod_format=1)


def test_every_thread_gets_the_bytes_of_its_lonely_twin(is_long: bool) -> None:
    pictures = [images.make("xray", "uint16", (64, 96)), images.make("photo", "int16", (96, 64))]
    twins = []
    for _, parameters in WAYS:
        arrays = [make_array(image, parameters) for image in pictures]
        twins.append([(data_of(array), array[...]) for array in arrays])
    assert len({tuple(data) for (data, _), _ in twins}) == THREADS  # really different ways

    def job(thread: int) -> None:
        _, parameters = WAYS[thread]
        for number in range(LONG_ROUNDS if is_long else QUICK_ROUNDS):
            for image, (data, decoded) in zip(pictures, twins[thread]):
                array = make_array(image, parameters, nthreads=1 + number % 2)
                assert data_of(array) == data, WAYS[thread][0]
                np.testing.assert_array_equal(array[...], decoded)

    with running(change_defaults):
        run_at_once([lambda thread=thread: job(thread) for thread in range(THREADS)])  # type: ignore[misc]


def code_in_child(expected: bytes) -> bool:
    """In another process; with one thread of Blosc2's, which hangs on its own pool after a fork."""
    image = images.make("xray", "uint16", (64, 96))
    parameters = Params().to_dict()
    block = _native.encode_block(image, parameters=parameters)
    assert block == expected and bytes(_native.decode_block(block, image.nbytes)) == image.tobytes()
    return np.array_equal(make_array(image, {"mode": "HT"})[...], image)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_children_of_a_busy_process(method: str, is_long: bool) -> None:
    image = images.make("xray", "uint16", (64, 96))
    expected = _native.encode_block(image, parameters=Params().to_dict())

    def busy() -> None:
        _native.encode_block(image)
        with pytest.raises(blosc2_grok.Error):
            _native.decode_block(b"nonsense", 10)

    for _ in range(20 if is_long else 2):
        with running(busy, busy, change_defaults):
            with multiprocessing.get_context(method).Pool(2) as pool:
                answers = pool.map_async(code_in_child, [expected] * 8)
                assert answers.get(timeout=120) == [True] * 8


@pytest.mark.parametrize("engine", [("openjpeg",), ("j2k", "HT"), ("grok",)], ids=lambda engine: engine[0])
def test_exit_while_threads_are_coding(engine: Any, is_long: bool) -> None:
    if not has_engine(engine[0]):
        pytest.skip(f"this build has no engine {engine[0]}")
    for _ in range(30 if is_long else 3):
        exit, text = run_worker(endurance_worker.__file__, "exit", *engine, timeout=60)
        assert exit == 0, text


def test_unloading_while_threads_wait() -> None:
    exit, text = run_worker(endurance_worker.__file__, "unload", timeout=60)
    assert exit == 0, text


def test_memory_stays_flat(is_long: bool) -> None:
    rounds = LONG_MEMORY if is_long else QUICK_MEMORY
    exit, text = run_worker(endurance_worker.__file__, "memory", rounds, timeout=3600)
    assert exit == 0, text
    assert int(text.split()[-1]) < MOST_GROWTH
