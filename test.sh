#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the project and runs its tests: CTest in a release and a sanitizer build, pytest, and the hosts.
#
#   ./test.sh          under 20 minutes on 2 cores, from a Debian 12 with nothing installed (root or sudo)
#   ./test.sh --long   adds all hosts, ThreadSanitizer, and ten times as many mutations and random cases
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/setup.sh

long=false
for argument; do
  case $argument in
    --long) long=true ;;
    *) sed -n '3,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

ctest_in() {
  local preset=$1 log=build/$1-build.log
  say "building build/$preset"
  mkdir -p build
  { cmake --preset "$preset" -DBLOSC2_GROK_TEST_PYTHON="$venv/bin/python" && cmake --build --preset "$preset"; } >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
  say "CTest in build/$preset"
  # What is installed from a sanitizer build wants the sanitizer in its users too.
  local skipped=()
  [ "$preset" = release ] || skipped=(-E '^install\.')
  ctest --preset "$preset" --progress -j "$(nproc)" "${skipped[@]}"
}

hosts=(newest oldest)
pytest_options=()
presets=(release asan)
if $long; then
  hosts=(all)
  pytest_options=(--long)
  presets+=(tsan)
  export BLOSC2_GROK_MUTATIONS=20000
fi

# The tools and libraries of other JPEG 2000 coders are witnesses; HDF5 and the JSON library serve the examples.
install_packages libgtest-dev binutils dpkg-dev libhdf5-dev nlohmann-json3-dev libopenjp2-tools libopenjph-dev openjph-tools
apt_install grokj2k-tools 2>/dev/null || say "grokj2k-tools can't be had: its witness is left out"
make_venv requirements-test.txt
build_wheel_and_install

for preset in "${presets[@]}"; do ctest_in "$preset"; done

if [ -d tests/python ]; then
  say "pytest"
  "$venv/bin/python" -m pytest -q "${pytest_options[@]}" tests/python
fi

if [ -f tests/hosts/run_hosts.py ]; then
  say "hosts: ${hosts[*]}"
  "$venv/bin/python" tests/hosts/run_hosts.py --wheel "$wheel_dir"/*.whl --venvs build/hosts --only "${hosts[@]}"
fi

say "all tests passed"
