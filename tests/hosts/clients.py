# SPDX-License-Identifier: BSD-3-Clause
"""Other people's programs that store images by this codec, unchanged from PyPI, on a small HDF5 stack.

    python clients.py CLIENT FOLDER      in the environment where the client is installed; FOLDER is empty

Both catch their workers' errors and then end with status 0, so what counts is the file that they leave.
"""
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
from round_trips import image, in_second_process, psnr, require

RATIO = 4
READ = """
import sys, numpy, h5py, hdf5plugin
with h5py.File(sys.argv[1], "r") as file:
    numpy.save(sys.argv[3], file[sys.argv[2]][()])
assert "blosc2_grok" not in sys.modules
"""


def make_stack(path, dataset):
    frames = np.random.default_rng(0).integers(0, 9, (5, 200, 300)).astype("<u2")
    stack = image(frames.shape, np.dtype("<u2")) + frames
    with h5py.File(path, "w") as file:
        file.create_dataset(dataset, data=stack, chunks=(1, 200, 300))
        file.attrs["sample"] = "waves"
    return stack


def run(program, *arguments):
    done = subprocess.run([Path(sys.executable).with_name(program), *map(str, arguments)], text=True,
                          capture_output=True, timeout=300)
    output = done.stdout + done.stderr
    require(done.returncode == 0, f"{program} ends with status {done.returncode}: {output[-600:]}")
    return output


def check_file(path, dataset, stack, output):
    require(path.is_file(), f"{path.name} is missing: {output[-600:]}")
    with h5py.File(path, "r") as file:
        stored = file[dataset]
        require(stored.shape == stack.shape and stored.dtype == stack.dtype, f"{stored.dtype}{stored.shape}")
        require(file.attrs["sample"] == "waves", "attributes are lost")
        require(stored.id.get_num_chunks() == len(stack), f"{stored.id.get_num_chunks()} chunks: {output[-600:]}")
        ratio = stack[0].nbytes / max(stored.id.get_chunk_info(n).size for n in range(len(stack)))
    require(RATIO * 0.95 < ratio < RATIO * 1.2, f"a ratio of {ratio:.2f} instead of {RATIO}")
    in_second_process(READ, path, dataset, path.with_suffix(".npy"))
    reached = [psnr(got, frame) for got, frame in zip(np.load(path.with_suffix(".npy")), stack)]
    require(min(reached) > 70, f"PSNR {min(reached):.1f} dB")


def run_esrf_data_compressor(folder):
    """Compresses the files of a report (one worker process a file, forked), then lets its own check compare them."""
    dataset = "entry_0000/ESRF-ID11/marana/data"
    stacks = {folder / f"scan{n}.h5": None for n in range(2)}
    for path in stacks:
        stacks[path] = make_stack(path, dataset)
    report = folder / "report.txt"
    report.write_text("## TO COMPRESS ##\n" + "".join(f"{path}\n" for path in stacks) + "\n## REMAINING ##\n")
    output = run("compress-hdf5", "compress", "--input", report, "--cratio", RATIO, "--layout", "sibling")
    for path, stack in stacks.items():
        check_file(path.with_name(f"{path.stem}_jp2k.h5"), dataset, stack, output)
    run("compress-hdf5", "check", "--input", report, "--layout", "sibling")
    text = (folder / "report_jp2k_ssim_report.txt").read_text()
    similarity = [float(number) for number in re.findall(r"(?<![\w.])[01]\.\d+", text)]
    require(len(similarity) >= 4 and min(similarity) > 0.9, f"its check says:\n{text}")


def run_tomocompress(folder):
    path = folder / "scan.h5"
    stack = make_stack(path, "entry/data")
    output = run("tomocompress", path, "-d", "data", "-c", RATIO)
    check_file(folder / f"{RATIO}X_blosc2grok_compressed_scan.h5", "entry/data", stack, output)


if __name__ == "__main__":
    {"esrf-data-compressor": run_esrf_data_compressor,
     "tomocompress": run_tomocompress}[sys.argv[1]](Path(sys.argv[2]))
