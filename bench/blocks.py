# SPDX-License-Identifier: BSD-3-Clause
"""What blocks of other sizes and shapes cost: the table of docs/chunks.md.

python bench/blocks.py     needs pydicom and pydicom_data; prints Markdown
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

import blosc2_grok

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))
import images

TURNS = 5


def measure(image: NDArray[Any], key: Any, blocks: Sequence[int]) -> Tuple[float, float, float]:
    """Ratio; MB/s of reading everything; milliseconds of reading `key`."""
    # cparams have no part in what is read, and one thread tells the work that is done.
    array = blosc2_grok.asarray(image, chunks=image.shape, blocks=blocks, dparams={"nthreads": 1})
    best_whole = best_part = float("inf")
    for _ in range(TURNS):
        start = time.thread_time()
        array[:]
        middle = time.thread_time()
        array[key]
        best_whole = min(best_whole, middle - start)
        best_part = min(best_part, time.thread_time() - middle)
    return image.nbytes / array.schunk.cbytes, image.nbytes / 1e6 / best_whole, 1e3 * best_part


def main() -> None:
    image = np.ascontiguousarray(images.radiograph()[:1792, :1792])
    stack = images.stack(frames=16)
    cases = [
        ("radiograph, 1792 x 1792", image, np.s_[800:900, 800:900], "100 x 100 samples", size)
        for size in ((1792, 1792), (512, 512), (256, 256), (64, 64), (16, 16))
    ]
    cases += [
        ("stack, 16 x 512 x 640", stack, np.s_[5], "one frame", size)
        for size in ((1, 512, 640), (16, 512, 640), (1, 128, 128), (16, 512, 1), (16, 16, 16))
    ]
    print("| array | blocks | ratio | reading all, MB/s | reading a part |")
    print("| --- | --- | --- | --- | --- |")
    for name, data, key, part, size in cases:
        ratio, speed, milliseconds = measure(data, key, size)
        blocks = " x ".join(map(str, size))
        print(f"| {name} | {blocks} | {ratio:.2f} | {speed:.0f} | {part}: {milliseconds:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
