#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# test_examples.sh PREFIX WORK PYTHON: builds examples/ against what is installed in PREFIX and the C-Blosc2 of PYTHON's
# package blosc2, and runs the programs. Where PYTHON has h5py, hdf5plugin and blosc2_grok, they must read the HDF5 files.
# Exit status 77: C-Blosc2, HDF5 or nlohmann/json is not here.
set -eu
prefix=$1
work=$2
python=$3
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
rm -rf "$work"
mkdir -p "$work"
skip() { echo "skipped: $*"; exit 77; }

blosc2=$("$python" -c 'import os, blosc2; print(os.path.dirname(blosc2.__file__))' 2>/dev/null) || skip "no blosc2 in $python"
config=$(find "$blosc2" -name Blosc2Config.cmake -exec dirname {} \;)
[ -n "$config" ] || skip "the package blosc2 has no CMake package"

cmake -S "$examples" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DBlosc2_DIR="$config" \
  -Dblosc2_grok_DIR="$(dirname "$(find "$prefix" -name blosc2_grokConfig.cmake)")" \
  -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" >"$work/log"
cmake --build "$work/build" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
[ -x "$work/build/one_image" ] || skip "one_image needs nlohmann-json3-dev"
[ -x "$work/build/compress_tomo" ] || skip "compress_tomo needs libhdf5-dev"
cd "$work"

expect() { # TEXT COMMAND...: the output has the text
  text=$1
  shift
  "$@" >output
  head -n 1 output
  grep -q "$text" output || { echo "expected: $text"; cat output; exit 1; }
}
expect ', lossless' build/one_image lossless.jp2
expect ', lossy' build/one_image lossy.jp2 40
expect 'largest error 0,' build/compress_tomo lossless.h5 3 200 300
lossless=$(sed 's/.*sum //' output)
expect '^ratio [89]\.' build/compress_tomo lossy.h5 3 400 500 8.5
lossy=$(sed 's/.*sum //' output)
! build/compress_tomo /nowhere/at/all.h5 2>output || exit 1
grep -q "can't be created" output
! build/one_image bad.jp2 -1 2>output || exit 1
grep -q 'quality_layers' output # the library's own reason

"$python" -c 'import blosc2_grok, h5py, hdf5plugin' 2>/dev/null || { echo "not read by h5py: it is not here"; exit 0; }
"$python" - "$lossless" "$lossy" <<'END'
import sys
import blosc2_grok, h5py, hdf5plugin
for name, expected in zip(("lossless", "lossy"), sys.argv[1:]):
    with h5py.File(name + ".h5") as file:
        total = int(file["projections"][:].sum(dtype="u8"))
    assert total == int(expected), (name, total, expected)
print("both HDF5 files read by h5py")
END
