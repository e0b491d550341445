# SPDX-License-Identifier: BSD-3-Clause
"""Decodes mutated blocks, one after the other: ``mutation_worker.py FIRST COUNT`` or ``--file PATH``.

The number of a mutant makes it: to run one alone, ``mutation_worker.py NUMBER 1``. Exit status 1 when memory grew,
bytes outside the block were written, or damage under our checksum went unnoticed.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import List

import numpy as np

import images
from blosc2_grok import Params, _native

GOLDEN = Path(__file__).parents[1] / "golden"
MARGIN = 4096
MOST_MEMORY = 256 * 1024  # KiB above the start; the blocks decode to some 100 KiB


@dataclass(frozen=True)
class Seed:
    name: str
    data: bytes
    size: int
    is_sealed: bool = False
    """Has our checksum: whatever is changed must be noticed."""


SIGNATURE = b"B2GROK\x1a\x9c"


def has_signature(data: bytes) -> bool:
    """Whether it can be told that the block is ours: at most 1 of the signature's 8 bytes is gone."""
    return any(
        sum(a == b for a, b in zip(data[at : at + len(SIGNATURE)], SIGNATURE)) >= len(SIGNATURE) - 1
        for at in range(min(len(data), 500))
    )


def bare_codestream(data: bytes) -> bytes:
    """Without JP2's boxes, whose lengths catch much, and without our COM segment, whose checksum catches the rest."""
    start = 0 if data.startswith(b"\xff\x4f") else data.index(b"jp2c") + 4
    at = start + 2
    kept = bytearray(data[start:at])
    while data[at + 1] != 0x90:  # SOT
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != 0x64:  # COM
            kept += data[at:end]
        at = end
    return bytes(kept + data[at:])


def seeds() -> List[Seed]:
    """Blocks of ours, small and of every kind, and those of earlier plugins."""
    found = []
    sources = {
        "gray": images.make("photo", "uint8", (60, 90)),
        "rgb": images.make("photo", "uint8", (40, 60, 3)),
        "ct": images.make("ct", "int16", (64, 64)),
        "stack": images.make("xray", "uint16", (4, 40, 60)),
    }
    ways = {
        "lossless": {},
        "rate": {"quality_mode": "rates", "quality_layers": [20, 8]},
        "j2k": {"cod_format": 1, "progression": "RPCL", "precinct_size": (32, 32)},
        "tiles": {"tile_size": (32, 32)},
    }
    for name, image in sources.items():
        for way, parameters in ways.items():
            block = _native.encode_block(image, parameters=Params(**parameters).to_dict())  # type: ignore[arg-type]
            assert block is not None
            found.append(Seed(f"{name}-{way}", block, image.nbytes, is_sealed=True))
            found.append(Seed(f"{name}-{way}-bare", bare_codestream(block), image.nbytes))
    for table in sorted(GOLDEN.glob("v0.3.[0-5]/cases.json")):
        for name, case in json.loads(table.read_text())["cases"].items():
            size = int(np.prod(case["shape"])) * np.dtype(case["dtype"]).itemsize
            data = (table.parent / case["file"]).read_bytes()
            found.append(Seed(f"{table.parent.name}-{name}", data, size))
            if case["file"].endswith(".jp2"):
                found.append(Seed(f"{table.parent.name}-{name}-bare", bare_codestream(data), size))
    return found


def mutant(seeds: List[Seed], number: int) -> Seed:
    """Mutant ``number``: a seed with bytes flipped, set, cut, inserted, copied, or a length field changed."""
    chance = random.Random(number)
    seed = seeds[number % len(seeds)]
    data = bytearray(seed.data)
    # Half of the changes hit the headers, where the meaning is.
    end = min(len(data), 250) if chance.random() < 0.5 else len(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(min(end, len(data)))
        kind = chance.randrange(7)
        if kind <= 1:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 3:
            del data[at : at + chance.choice((1, 2, 4, 50))]
        elif kind == 4:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 2, 4))))
        elif kind == 5:
            source = chance.randrange(len(data))
            data[at : at + 8] = data[source : source + 8]
        else:
            data[at : at + 4] = chance.choice((0, 1, 2**31 - 1, 2**32 - 1, 65536)).to_bytes(4, "big")
        if not data:
            data = bytearray(b"\0")
    if chance.random() < 0.1:
        del data[chance.randrange(len(data)) :]
    size = seed.size if chance.random() < 0.9 else chance.choice((0, 1, seed.size // 2, seed.size + 1, 2 * seed.size))
    is_sealed = seed.is_sealed and bytes(data) != seed.data and has_signature(bytes(data))
    return Seed(f"{number} of {seed.name}", bytes(data), size, is_sealed)


def decode(seed: Seed, is_mutant: bool = True) -> bool:
    """Whether nothing outside the block was written, and damage under a checksum was noticed."""
    buffer = ctypes.create_string_buffer(b"\xa5" * (seed.size + 2 * MARGIN), seed.size + 2 * MARGIN)
    # Exactly as long as it says, so that a checking allocator sees a read behind the end.
    data = (ctypes.c_char * len(seed.data)).from_buffer_copy(seed.data) if seed.data else None
    threads = 1 + len(seed.data) % 2
    written = _native._lib.blosc2_grok_decode(
        ctypes.addressof(buffer) + MARGIN, seed.size, data, len(seed.data), threads
    )
    capacity = 1 << 16
    _native._lib.blosc2_grok_describe(ctypes.create_string_buffer(capacity), capacity, data, len(seed.data))
    around = buffer.raw[:MARGIN] + buffer.raw[MARGIN + seed.size :]
    if is_mutant and seed.is_sealed and written >= 0:
        return False
    return around == b"\xa5" * (2 * MARGIN) and (written < 0 or written == seed.size)


def main(arguments: List[str]) -> int:
    if arguments[0] == "--file":
        data = Path(arguments[1]).read_bytes()
        return 0 if all(decode(Seed(arguments[1], data, size)) for size in (1, 5400, 1 << 16, 1 << 20)) else 1
    first, count = int(arguments[0]), int(arguments[1])
    base = seeds()
    for seed in base:  # warm up, so that memory is counted from here
        assert decode(seed, is_mutant=False) and seed.is_sealed == has_signature(seed.data), seed.name
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = 0
    for number in range(first, first + count):
        one = mutant(base, number)
        os.write(1, f"{one.name}\n".encode())  # the last line names the one that crashes
        if not decode(one):
            print(f"{one.name}: not noticed, or wrote outside the block, or returned another size", file=sys.stderr)
            status = 1
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if grown > MOST_MEMORY:
            print(f"{one.name}: memory grew by {grown} KiB", file=sys.stderr)
            status = 1
            before += grown
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
