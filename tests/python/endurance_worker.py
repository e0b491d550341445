# SPDX-License-Identifier: BSD-3-Clause
"""Programs of their own: ``endurance_worker.py memory ROUNDS``, ``... exit ENGINE`` and ``... unload``.

The first encodes and decodes, and prints by how many KiB the process's memory has grown since a tenth of the rounds.
The second ends while its threads are encoding and decoding. The third gives the library back while threads of it wait.
"""

from __future__ import annotations

import _ctypes
import os
import sys
import threading
import time
from typing import Any, Dict, List

import blosc2

import blosc2_grok
import images
from blosc2_grok import Params, _native
from cases import has_engine

PARAMETERS: List[Dict[str, Any]] = [
    {"engine": "openjpeg"},
    {"engine": "j2k"},
    {"mode": "HT"},
    {"quality_mode": "dB", "quality_layers": [50]},
    {"mode": "HT", "rmse": 3},
    {"max_error": 2},
    {"engine": "grok"},
]


def parameter_sets() -> List[Dict[str, Any]]:
    rows = [row for row in PARAMETERS if has_engine(row.get("engine", "j2k"))]
    return [Params(**row).to_dict() for row in rows]


def resident_kib() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def make_array(image: images.Image, parameters: Dict[str, Any]) -> Any:
    meta, cparams = blosc2_grok.meta(**parameters), blosc2_grok.cparams(nthreads=1)
    return blosc2.asarray(image, blocks=image.shape, meta=meta, cparams=cparams, dparams={"nthreads": 1})


def code_block(image: images.Image, parameters: Dict[str, Any]) -> None:
    """A block both ways, and an error."""
    block = _native.encode_block(image, parameters=parameters)
    assert block is not None and len(_native.decode_block(block, image.nbytes)) == image.nbytes
    try:
        _native.decode_block(block[:-1] + bytes([block[-1] ^ 1]), image.nbytes)
    except blosc2_grok.Error:
        pass


def measure_memory(rounds: int) -> int:
    """By the C API, and through the host into arrays that stay: each new array costs Blosc2 itself some 0.8 KiB."""
    sets = parameter_sets()
    image = images.make("xray", "uint16", (64, 64))
    arrays = [make_array(image, parameters) for parameters in sets]
    before = 0
    for number in range(rounds):
        if number == rounds // 10:
            before = resident_kib()
        code_block(image, sets[number % len(sets)])
        array = arrays[number % len(arrays)]
        array[...] = image
        assert array[...].shape == image.shape
    return resident_kib() - before


def exit_while_busy(parameters: Dict[str, Any]) -> None:
    image = images.make("xray", "uint16", (128, 128))

    def busy() -> None:
        while True:
            code_block(image, parameters)
            assert make_array(image, parameters)[...].shape == image.shape

    for _ in range(4):
        threading.Thread(target=busy, daemon=True).start()
    time.sleep(0.2)


def unload() -> None:
    image = images.make("xray", "uint16", (512, 512))
    _native.encode_block(image, parameters=Params(mode="HT", num_threads=3).to_dict())
    _ctypes.dlclose(_native._lib._handle)
    time.sleep(0.3)  # they wait for 0.1 s


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        print(measure_memory(int(sys.argv[2])))
    elif sys.argv[1] == "unload":
        unload()
    else:
        exit_while_busy(Params(engine=sys.argv[2], mode=sys.argv[3] if len(sys.argv) > 3 else 0).to_dict())
