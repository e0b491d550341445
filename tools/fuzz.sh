#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs fuzz targets under AddressSanitizer and UndefinedBehaviorSanitizer (clang 16), and writes down what was run.
#
#   tools/fuzz.sh TARGET [MINUTES] [ENGINE]
#     TARGET   decode, engine, frame, geometry, params, round_trip or segment (tests/fuzz/TARGET_fuzzer.cpp)
#     MINUTES  of processor time, so that a busy machine takes nothing off; 20 when left out
#     ENGINE   for the target engine: the decoder to be tried alone; openjpeg or j2k
#   tools/fuzz.sh all [MINUTES]
#     a full campaign: each target, and engine with each decoder, one after the other; FUZZ_JOBS=2 runs two at a time
#
# Seeds: small blocks of every kind (make_seeds), tests/hostile, tests/golden, what FUZZ_SEEDS names (a folder; "all"
# gets other people's files by tools/fuzz_seeds.py), and what earlier runs found, kept in build/fuzz-runs/. A finding is
# build/fuzz-runs/NAME-crash-*; replay it by giving it to build/fuzz/tests/fuzz/TARGET_fuzzer, or to TARGET_replay of any
# build. FUZZ_SEED is the random seed (1); FUZZ_BUILD=no runs what is built already. The target frame wants the Python
# package blosc2, in .venv (test.sh makes it) or where PYTHON points to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${1:-}
minutes=${2:-20}
engine=${3:-}
runs=build/fuzz-runs
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
mkdir -p "$runs"

build() { # CMAKE_TARGET...
  [ "${FUZZ_BUILD:-yes}" = no ] && return
  { cmake --preset fuzz -DBLOSC2_GROK_TEST_PYTHON="$(command -v "$python")" &&
    nice -n 15 cmake --build build/fuzz -j"$(nproc)" --target "$@"; } >"$runs/build.log" 2>&1 ||
    { tail -n 40 "$runs/build.log" >&2; exit 1; }
}

if [ "$target" = all ]; then
  build fuzzers make_seeds
  export FUZZ_BUILD=no FUZZ_SEEDS=${FUZZ_SEEDS:-$runs/others}
  [ -n "$(ls -A "$FUZZ_SEEDS" 2>/dev/null)" ] || "$python" tools/fuzz_seeds.py "$FUZZ_SEEDS" ||
    echo "other people's files can't be had: going on without" >&2
  for program in build/fuzz/tests/fuzz/*_fuzzer; do
    name=$(basename "$program" _fuzzer)
    if [ "$name" = engine ]; then printf 'engine %s openjpeg\nengine %s j2k\n' "$minutes" "$minutes"
    else echo "$name $minutes"; fi
  done | xargs -L 1 -P "${FUZZ_JOBS:-1}" tools/fuzz.sh
  exit
fi

[ -f "tests/fuzz/${target}_fuzzer.cpp" ] || { sed -n '4,18s/^# \{0,1\}//p' "$0" >&2; exit 2; }
seed=${FUZZ_SEED:-1}
name=$target${engine:+-$engine}
corpus=$runs/$name
mkdir -p "$corpus"
build "${target}_fuzzer" make_seeds

# Where an input's last bytes are options, a file of somebody else's gets zeros behind it.
add_seeds() { # FOLDER...
  find "$@" -type f -size -40k ! -name '*.json' ! -name '*.md' ! -name '*.py' -print0 |
    while IFS= read -r -d '' file; do
      hash=$(sha1sum <"$file" | cut -c1-40)
      { cat "$file"; printf '\0\0\0'; } >"$corpus/$hash"
    done
}
if [ -z "$(ls -A "$corpus")" ]; then
  case $target in
    decode | engine | frame | round_trip)
      build/fuzz/tests/fuzz/make_seeds "$runs/seeds-$name" >/dev/null
      add_seeds "$runs/seeds-$name" tests/hostile tests/golden ${FUZZ_SEEDS:+"$FUZZ_SEEDS"}
      ;;
  esac
fi

# Memory: a million samples in 32 bits, an engine's copies, and the sanitizers' own share.
options=(-seed="$seed" -timeout=20 -rss_limit_mb=2560 -max_len=20000 -print_final_stats=1)
command=(build/fuzz/tests/fuzz/"${target}_fuzzer" "${options[@]}" -artifact_prefix="$runs/$name-" "$corpus")
started=$(date -u +%FT%TZ)
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
status=0
BLOSC2_GROK_FUZZ_ENGINE=$engine nice -n 15 "${command[@]}" >"$runs/$name.log" 2>&1 &
fuzzer=$!
trap 'kill "$fuzzer" 2>/dev/null || true' EXIT
while spent=$(ps -o cputimes= -p "$fuzzer"); do
  [ "$spent" -lt $((minutes * 60)) ] || kill -TERM "$fuzzer" 2>/dev/null || break
  sleep 1
done
wait "$fuzzer" || status=$?
[ "$status" != 72 ] || status=0 # libFuzzer's for "told to stop"

stat() { sed -n "s/^stat::$1: *//p" "$runs/$name.log"; }
coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$runs/$name.log" | tail -n 1)
line="$started commit $commit: tools/fuzz.sh $target $minutes${engine:+ $engine}, \
seed $seed: $(stat number_of_executed_units) inputs, coverage ${coverage:-?}, peak $(stat peak_rss_mb) MB, exit $status"
echo "$line" | tee -a "$runs/runs.txt"
[ "$status" = 0 ] || { grep -E '^(broken|==.*ERROR|SUMMARY|MS:|artifact_prefix)' "$runs/$name.log" >&2; exit 1; }
