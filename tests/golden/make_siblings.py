# SPDX-License-Identifier: BSD-3-Clause
"""Makes siblings/: small arrays as blosc2-j2k 0.4.0 (codec 39) and blosc2-htj2k 0.4.2 (codec 40) store them.

    python3.11 make_siblings.py FOLDER

FOLDER gets a virtual environment for each. Each array is written, and read again, in a process of its own; what the
package itself reads is what counts as right, and cases.json says how far it is from the original. The images are those
of make_golden.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from make_golden import environment, image, np, sha256

HERE = Path(__file__).resolve().parent / "siblings"
HOST = ["blosc2==4.14.1", "numpy==2.4.6"]
PACKAGES = {"j2k": ("blosc2_j2k", "blosc2-j2k==0.4.0", 39), "htj2k": ("blosc2_htj2k", "blosc2-htj2k==0.4.2", 40)}
SHUFFLED = {"filters": [1]}  # blosc2.Filter.SHUFFLE

# name: (shape, dtype, chunks, blocks, codec_meta, parameters of set_params_defaults, cparams)
CASES = {
    "u1": ((50, 70), "|u1", (50, 70), (50, 70), 0, {}, {}),
    "i1": ((50, 70), "|i1", (50, 70), (50, 70), 0, {}, {}),
    "u2-edges": ((50, 70), "<u2", (40, 64), (40, 32), 0, {}, {}),
    "i2-frames": ((3, 40, 50), "<i2", (1, 40, 50), (1, 40, 50), 0, {}, {}),
    "rgb": ((40, 50, 3), "|u1", (40, 50, 3), (40, 50, 3), 0, {}, {}),
    "rgb-16": ((40, 50, 3), "<u2", (40, 50, 3), (40, 50, 3), 0, {}, {}),
    "bool": ((40, 50), "|b1", (40, 50), (40, 50), 0, {}, {}),
    "u2-shuffled": ((40, 50), "<u2", (40, 50), (40, 50), 0, {}, SHUFFLED),
    "u1-lossy": ((50, 70), "|u1", (50, 70), (50, 70), 40, {}, {}),
    "u1-irreversible": ((50, 70), "|u1", (50, 70), (50, 70), 0, {"irreversible": True}, {}),
    "u2-with-zeros": ((4, 40, 50), "<u2", (2, 40, 50), (1, 40, 50), 0, {}, {}),
}


def case_image(name):
    shape, dtype = CASES[name][:2]
    if dtype == "|b1":
        return image(shape, np.dtype("<u2"), sum(name.encode())) % 3 == 0
    made = image(shape, np.dtype(dtype), sum(name.encode()))
    if name == "u2-with-zeros":
        made[0] = 0
        made[2:] = 0
    return made


def write(package, codec, name, path):
    import blosc2

    plugin = __import__(package)
    _, _, chunks, blocks, codec_meta, parameters, others = CASES[name]
    plugin.set_params_defaults(**parameters)
    never_split = {"splitmode": blosc2.SplitMode.NEVER_SPLIT, "filters": [], "nthreads": 1}
    cparams = {"codec": int(codec), "codec_meta": codec_meta, **never_split, **others}
    array = blosc2.asarray(case_image(name), chunks=chunks, blocks=blocks, cparams=cparams, urlpath=path, mode="w")
    array.schunk.vlmeta["made_by"] = f"{package} {plugin.__version__}"
    np.save(path + ".npy", blosc2.open(path)[...])
    os._exit(0)


def describe(name, codec, path):
    original, decoded = case_image(name), np.load(f"{path}.npy")
    os.remove(f"{path}.npy")
    difference = np.abs(decoded.astype(np.int64) - original.astype(np.int64))
    return {
        "file": path.name,
        "codec": codec,
        "name": name,
        "shape": original.shape,
        "dtype": original.dtype.str,
        "samples_sha256": sha256(decoded.tobytes()),
        "lossless": bool(np.array_equal(decoded, original)),
        "max_error": int(difference.max()),
        "rmse": round(float(np.sqrt((difference**2).mean())), 4),
    }


def main(folder):
    if np is None:
        python = environment(folder, "host", HOST)
        os.execv(python, [python, __file__, folder])
    HERE.mkdir(exist_ok=True)
    cases = []
    for kind, (package, requirement, codec) in PACKAGES.items():
        python = environment(folder, kind, [requirement, *HOST])
        for name in CASES:
            path = HERE / f"{kind}-{name}.b2nd"
            search = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"}
            command = [python, __file__, "--write", package, str(codec), name, path]
            subprocess.run(command, check=True, timeout=60, env=search, stdout=subprocess.DEVNULL)
            cases.append(describe(name, codec, path))
    lines = ",\n".join(f" {json.dumps(case)}" for case in cases)
    made_by = {"packages": [requirement for _, requirement, _ in PACKAGES.values()], "host": HOST}
    (HERE / "cases.json").write_text(f'{{"made_by": {json.dumps(made_by)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(*sys.argv[2:])
    else:
        main(Path(sys.argv[1]).resolve())
