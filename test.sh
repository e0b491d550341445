#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the project and runs its tests: CTest in builds with all engines, with ours alone and with sanitizers, pytest,
# the hosts.
#
#   ./test.sh          under 20 minutes on 2 cores, from a Debian 12 with nothing installed (root or sudo)
#   ./test.sh --long   adds all hosts, the wheels, the benches, ThreadSanitizer, and ten times the mutations and cases
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/setup.sh

hosts=(newest oldest)
pytest_options=()
presets=(release bare asan)
mutations= settings=1000
for argument; do
  case $argument in
    --long)
      hosts=(all)
      pytest_options=(--long)
      presets+=(tsan)
      mutations=20000 settings=100000
      ;;
    *) sed -n '3,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

build() { # PRESET [OPTION...]
  local preset=$1 log=build/$1-build.log
  shift
  mkdir -p build
  { cmake --preset "$preset" -DBLOSC2_GROK_TEST_PYTHON="$venv/bin/python" "$@" && cmake --build --preset "$preset"; } \
    >"$log" 2>&1 || { tail -n 60 "$log"; return 1; }
}

run_ctest() {
  # What is installed from a sanitizer build wants the sanitizer in its users too.
  local skipped=()
  [ "$1" = release ] || [ "$1" = bare ] || skipped=(-E '^install\.')
  # Under ThreadSanitizer, and where only an encoder is missing, more of them say nothing more.
  local more=()
  case $1 in release | asan) [ -z "$mutations" ] || more=(BLOSC2_GROK_MUTATIONS="$mutations") ;; esac
  env "${more[@]}" ctest --preset "$1" -j "$(nproc)" "${skipped[@]}" | grep -vE '^ *[0-9]+/[0-9]+ Test .* Passed |^ +Start +[0-9]+: '
}

# Our own decoder by itself, which takes damaged streams much faster than through Blosc2. Part 1 is slow under sanitizers.
run_damaged() {
  local part1=100000 status=0
  [ "$1" = release ] || part1=10000
  run_mutated "$1" part1 "$part1" &
  run_mutated "$1" hostile 100000 || status=$?
  wait $! || status=$?
  return $status
}
run_mutated() { # PRESET TEST COUNT
  J2K_TEST_CASES=$3 "build/$1/tests/j2k/$2_test" --gtest_brief=1 --gtest_filter='*.MutatedStreams*'
}

# Both of our coders with random settings, before decoders that share no code with them.
run_random_settings() {
  local first=$((RANDOM << 15 | RANDOM)) status=0
  say "$settings settings for each coder from seed $first"
  random_settings ht "$first" &
  random_settings part1 "$first" || status=$?
  wait $! || status=$?
  return $status
}
random_settings() { # CODER FIRST_SEED
  PYTHON="$venv/bin/python" CAMPAIGN_OUT="build/random-$1.jsonl" tools/campaign.sh "$1" "$2" "$settings"
}

# run_pytest: against the installed wheel.
run_pytest() { "$venv/bin/python" -m pytest -q "${pytest_options[@]}" tests/python; }

# run_bare_pytest: what engines have a part in, quick, against the build with our engine alone.
run_bare_pytest() {
  local site=build/bare/site
  rm -rf "$site"
  mkdir -p "$site"
  cp -r python/blosc2_grok "$site"
  cp build/bare/libblosc2_grok.so "$site/blosc2_grok"
  PYTHONPATH=$PWD/$site "$venv/bin/python" -m pytest -q \
    tests/python/test_{arrays,coder,drop_in,errors,golden,loss,matrix,parameters_in_bytes,params,profiles}.py \
    tests/python/test_{quality,round_trip,threads}.py
}

run_hosts() {
  "$venv/bin/python" tests/hosts/run_hosts.py --wheel "$wheel_dir"/*.whl --venvs build/hosts --only "${hosts[@]}"
}

# Both flavours, used where the libraries that they carry are hidden. Exit status 77: no such place can be made here.
run_wheels() {
  local flavour made status
  for flavour in "" --with-grok; do
    # shellcheck disable=SC2086
    made=$(PYTHON="$venv/bin/python" tools/make_wheel.sh $flavour --output "build/wheels$flavour" | tail -n 1) || return 1
    status=0
    tests/install/test_wheel.sh "$made" "$venv/bin/python" || status=$?
    [ $status -ne 77 ] || { say "skipped: a namespace for $(basename "$made")"; continue; }
    [ $status -eq 0 ] || return 1
    say "$(basename "$made"): ok"
  done
}

# A step that fails doesn't keep the others from being run.
failed=()
step() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@" || failed+=("$name")
  say "$name: $((SECONDS - start)) s"
}

# The tools and libraries of other JPEG 2000 coders are witnesses; HDF5 and the JSON library serve the examples.
install_packages libgtest-dev binutils dpkg-dev libhdf5-dev hdf5-tools nlohmann-json3-dev libopenjp2-tools \
  libopenjph-dev openjph-tools valgrind
apt_install grokj2k-tools 2>/dev/null || say "grokj2k-tools can't be had: its witness is left out"
make_venv requirements-test.txt
build_wheel_and_install

for preset in "${presets[@]}"; do
  step "build of build/$preset" build "$preset"
  step "CTest in build/$preset" run_ctest "$preset"
  case $preset in
    release | asan) [ -z "$mutations" ] || step "damaged streams in build/$preset" run_damaged "$preset" ;;
  esac
done
step "random settings" run_random_settings
# pytest has work for one core, the hosts for the other.
run_hosts >build/hosts.log 2>&1 &
hosts_job=$!
show_hosts() { local status=0; wait "$hosts_job" || status=$?; cat build/hosts.log; return $status; }
step "pytest" run_pytest
step "pytest with our engine alone" run_bare_pytest
step "hosts: ${hosts[*]}" show_hosts
if [ ${#pytest_options[@]} -ne 0 ]; then
  step "wheels" run_wheels
  step "build of the benches" build release -DBLOSC2_GROK_BUILD_BENCH=ON
fi

[ ${#failed[@]} -eq 0 ] || { say "failed: ${failed[*]}"; exit 1; }
say "all tests passed in $SECONDS s"
