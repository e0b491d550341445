# SPDX-License-Identifier: BSD-3-Clause
"""A soak through Blosc2: random arrays stored, read, updated and read again until the time is over.

    nice python tools/soak.py MINUTES [SEED] [--out build/soak.jsonl]

Every block is decoded again by another engine before it leaves (``verify="all"``); whole arrays and random slices are
compared with the samples, or with the stated loss; ``blosc2_grok.verify`` checks every stored checksum. One line of
JSON goes to the file, for ``tools/validate.py add``. Exit code 1 if anything was wrong; the seed of it is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Tuple

import blosc2
import numpy as np
from numpy.typing import NDArray

import blosc2_grok

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/python"))
import images  # noqa: E402

Array = NDArray[Any]
KINDS = tuple(images.KINDS)


class Wrong(Exception):
    """What came back is not what was promised."""


def random_array(rng: np.random.Generator) -> Array:
    dtype = str(rng.choice(["u1", "i1", "u2", "i2", "u2", "u1"]))
    rows, columns = (int(n) for n in rng.integers(1, 300, 2))
    shapes = [(rows, columns), (rows, columns, 3), (int(rng.integers(1, 7)), rows, columns), (rows * columns,)]
    shape = shapes[int(rng.choice(4, p=[0.45, 0.2, 0.3, 0.05]))]
    return images.make(str(rng.choice(KINDS)), dtype, shape, int(rng.integers(1 << 30)))


def random_quality(rng: np.random.Generator) -> Dict[str, Any]:
    choice = int(rng.integers(6))
    if choice == 0:
        return {"max_error": float(rng.integers(1, 20))}
    if choice == 1:
        return {"rmse": float(rng.uniform(0.5, 30))}
    return {}


def random_parameters(rng: np.random.Generator) -> Dict[str, Any]:
    sides = [(64, 64), (32, 32), (4, 4), (1024, 4), (16, 128)]
    orders = ["LRCP", "RLCP", "RPCL", "PCRL", "CPRL"]
    return {
        "verify": "all",
        "num_resolutions": int(rng.integers(1, 8)),
        "codeblock_size": sides[int(rng.integers(len(sides)))],
        "progression": str(rng.choice(orders)),
    }


def random_place(rng: np.random.Generator, shape: Tuple[int, ...]) -> Tuple[slice, ...]:
    starts = [int(rng.integers(n)) for n in shape]
    return tuple(slice(s, int(rng.integers(s, n)) + 1) for s, n in zip(starts, shape))


def check(got: Array, wanted: Array, quality: Dict[str, float], what: str) -> None:
    if not quality and not np.array_equal(got, wanted):
        raise Wrong(f"{what}: not equal")
    difference = np.abs(got.astype(np.int64) - wanted.astype(np.int64))
    if "max_error" in quality and difference.max(initial=0) > quality["max_error"]:
        raise Wrong(f"{what}: off by {difference.max()} of {quality}")


def check_rmse(got: Array, wanted: Array, quality: Dict[str, float]) -> None:
    rmse = float(np.sqrt(np.mean((got.astype(float) - wanted.astype(float)) ** 2)))
    if "rmse" in quality and rmse > quality["rmse"] * (1 + 1e-9):
        raise Wrong(f"rmse {rmse} of {quality}")


def one_array(seed: int, counts: Counter[str]) -> None:
    rng = np.random.default_rng(seed)
    samples, quality, coder = random_array(rng), random_quality(rng), str(rng.choice(["ht", "part1"]))
    threads = int(rng.integers(1, 5))
    if quality and samples.std() <= 2 * max(quality.values()):
        quality = {}  # refused otherwise: nothing would be left of it
    array = blosc2_grok.asarray(
        samples,
        coder=coder,
        params=random_parameters(rng),
        **quality,
        cparams={"nthreads": threads},
        dparams={"nthreads": threads},
    )
    check(array[...], samples, quality, "whole")
    check_rmse(array[...], samples, quality)
    place = random_place(rng, samples.shape)
    check(array[place], samples[place], quality, f"slice {place}")
    if not quality:
        update = random_place(rng, samples.shape)
        changed = samples.copy()
        changed[update] = rng.permutation(changed[update].reshape(-1)).reshape(changed[update].shape)
        array[update] = np.ascontiguousarray(changed[update])
        check(array[...], changed, quality, f"after an update of {update}")
    result = blosc2_grok.verify(array)
    if result.problems:
        raise Wrong(str(result.problems[0]))
    counts.update(arrays=1, blocks=result.lossless + result.lossy + result.unchecked, bytes=samples.nbytes)
    counts.update({f"{coder} arrays": 1, f"lossy {coder} arrays": int(bool(quality))})


def soak(minutes: float, first: int) -> Dict[str, Any]:
    counts: Counter[str] = Counter()
    began, seed = time.monotonic(), first
    while time.monotonic() - began < 60 * minutes:
        try:
            one_array(seed, counts)
        except Exception as error:  # whatever it is, it is a finding: the soak goes on
            counts["failures"] += 1
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
        seed += 1
    elapsed = (time.monotonic() - began) / 60
    command = f"tools/soak.py {minutes:g} {first}"
    return {"kind": "soak", "command": command, "minutes": round(elapsed, 1), "failures": 0, **counts}


def commit() -> str:
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(git, text=True, capture_output=True).stdout.strip() or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "build/soak.jsonl")
    arguments = parser.parse_args()
    start = {"date": f"{datetime.now(timezone.utc):%Y-%m-%d}", "commit": commit(), "blosc2": blosc2.__version__}
    record = {**start, **soak(arguments.minutes, arguments.seed)}
    print(json.dumps(record))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("a") as out:
        out.write(json.dumps(record) + "\n")
    sys.exit(1 if record["failures"] else 0)


if __name__ == "__main__":
    main()
