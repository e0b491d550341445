#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Speed of this build against PyPI's blosc2-j2k 0.4.0: see against_j2k.py, which gets the arguments.
#
#   bench/run.sh [--turns 15]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/setup.sh

install_packages
make_venv
build_wheel_and_install
"$venv/bin/python" -m pip install -q --disable-pip-version-check pydicom==3.0.2 pydicom_data==1.0.0

# The same blosc2 and NumPy for both.
same=$("$venv/bin/python" -c \
  'from importlib.metadata import version; print(*(f"{name}=={version(name)}" for name in ("blosc2", "numpy")))')
theirs=$PWD/.venv-bench-j2k
if [ "$(cat "$theirs/made_of" 2>/dev/null)" != "$same" ]; then
  say "making .venv-bench-j2k"
  rm -rf "$theirs"
  /usr/bin/python3 -m venv "$theirs"
  # shellcheck disable=SC2086
  "$theirs/bin/python" -m pip install -q --disable-pip-version-check blosc2-j2k==0.4.0 $same
  printf '%s\n' "$same" >"$theirs/made_of"
fi
exec "$venv/bin/python" bench/against_j2k.py --ours "$venv/bin/python" --theirs "$theirs/bin/python" "$@"
