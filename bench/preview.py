# SPDX-License-Identifier: BSD-3-Clause
"""What a preview costs: read(reduce=k) beside a full read, by turns, of the radiograph and of a stack in 64 blocks.

    python preview.py [TURNS]
"""

import statistics
import sys
import time

from radiograph import crop, stack

import blosc2_grok

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 9


def seconds(array, reduce):
    start = time.perf_counter()
    blosc2_grok.read(array, reduce=reduce)
    return time.perf_counter() - start


print(f"{'array':28} {'coder':6} full, ms" + "".join(f"  1/{2**k} of it" for k in (1, 2, 3)))
for name, image, blocks in (
    ("1 block of 1900 x 1008", crop(1900, 1008), (1900, 1008)),
    ("64 blocks of 256 x 256", stack(64, 256), (1, 256, 256)),
):
    for coder in ("part1", "ht"):
        array = blosc2_grok.asarray(image, chunks=image.shape, blocks=blocks, coder=coder)
        turns = [[seconds(array, k) for k in range(4)] for _ in range(TURNS)]
        full = statistics.median(turn[0] for turn in turns)
        parts = [statistics.median(turn[k] / turn[0] for turn in turns) for k in (1, 2, 3)]
        print(f"{name:28} {coder:6} {1000 * full:8.1f}" + "".join(f"  {part:9.3f}" for part in parts))
