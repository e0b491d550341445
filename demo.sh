#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Real images through blosc2, HDF5 and ESRF's compressor, with checks: for a Debian 12 with nothing installed (root or sudo).
#
#   ./demo.sh
#
# Sets up what is missing, builds the package, and writes demo-output/: the .b2nd files, a .jp2 taken out of one, and
# differences.png with originals, decoded images and their differences. The last line is "demo: ok"; the exit status is
# not 0 when a check fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/setup.sh

install_packages
make_venv
build_wheel_and_install
make_venv demo/requirements-demo.txt # after our wheel, which ESRF's client takes for its blosc2-grok
rm -rf demo-output
exec "$venv/bin/python" demo/demo.py demo-output
