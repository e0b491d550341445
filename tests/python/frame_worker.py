# SPDX-License-Identifier: BSD-3-Clause
"""Reads mutated Blosc2 frames through the host, one after the other: ``frame_worker.py FIRST COUNT``.

The number of a mutant makes it. Even ones are damaged anywhere, as in mutation_worker, in the host's headers and index
too, which carry no checksum: they must do no harm. Odd ones have changed bytes in one of the blocks that this codec
stored: they must not be readable at all. Exit status 1 when one was.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
from typing import Any, List

import blosc2
from numpy.typing import NDArray

import blosc2_grok
import images
from mutation_worker import Seed, mutant

HANG_SECONDS = 20.0 if "asan" in os.environ.get("LD_PRELOAD", "") else 1.0
"""Of processor time, for one frame of some 10 kB."""
MOST_BYTES = 1 << 24
"""A header may say that the array is larger: that is the reader's business, and left alone here."""
MOST_MEMORY = 4 << 30


def frames() -> List[Seed]:
    """Small arrays of every kind: several chunks and blocks, padding, HT, loss, filters left on, mapped elements."""
    photo = images.make("photo", "uint8", (60, 90))
    ways: List[Any] = [
        ("lossless", photo, {"chunks": (30, 90), "blocks": (30, 45)}),
        ("padded", images.make("xray", "uint16", (50, 70)), {"chunks": (32, 48), "blocks": (32, 48)}),
        ("ht", images.make("ct", "int16", (64, 64)), {"coder": "ht"}),
        ("stack", images.make("xray", "uint16", (4, 40, 60)), {"chunks": (2, 40, 60), "blocks": (1, 40, 60)}),
        ("rgb", images.make("photo", "uint8", (40, 60, 3)), {}),
        ("lossy", images.make("photo", "uint16", (60, 90)), {"psnr": 60}),
        ("float", photo.astype("f4") / 7, {"max_error": 0.1}),
    ]
    made = []
    for name, image, options in ways:
        array = blosc2_grok.asarray(image, cparams={"nthreads": 1}, dparams={"nthreads": 1}, **options)
        made.append(Seed(name, array.to_cframe(), image.nbytes))
    cparams = {"codec": blosc2.Codec.GROK, "nthreads": 1}
    shuffled = blosc2.asarray(images.make("photo", "uint16", (60, 90)), cparams=cparams)
    return [*made, Seed("shuffled", shuffled.to_cframe(), shuffled.schunk.nbytes)]


def damaged_block(seed: Seed, number: int) -> Seed:
    """The frame with 1 to 20 bytes of one of its stored blocks changed."""
    chance = random.Random(number)
    blocks = [block.data for block in blosc2_grok.codestreams(blosc2.ndarray_from_cframe(seed.data))]
    block = chance.choice(blocks)
    data, start = bytearray(seed.data), seed.data.index(block)
    end = start + min(len(block), 250) if chance.random() < 0.5 else start + len(block)
    for at in chance.sample(range(start, end), chance.choice((1, 1, 2, 5, 20))):
        data[at] ^= 1 << chance.randrange(8)
    return Seed(f"{number}, a block of {seed.name}", bytes(data), seed.size, is_sealed=True)


def read(data: bytes) -> NDArray[Any]:
    """The array in a frame; ValueError where it says that it is larger than any of the seeds."""
    array = blosc2.ndarray_from_cframe(data)
    if array.size * array.dtype.itemsize > MOST_BYTES:
        raise ValueError("large")
    got: NDArray[Any] = array[...]
    return got


def is_readable(data: bytes) -> bool:
    try:
        read(data)
    except Exception:
        return False
    return True


def main(arguments: List[str]) -> int:
    first, count = int(arguments[0]), int(arguments[1])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    seeds = frames()
    assert all(is_readable(seed.data) for seed in seeds)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)  # ends the process, whatever C code it is in
    status = 0
    for number in range(first, first + count):
        seed = seeds[number // 2 % len(seeds)]
        one = damaged_block(seed, number) if number % 2 else mutant([seed], number)
        os.write(1, f"{one.name}\n".encode())  # the last line names the one that crashes or hangs
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG_SECONDS)
        was_read = is_readable(one.data)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if one.is_sealed and was_read:
            print(f"{one.name}: not noticed", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
