#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A long run of random settings against unrelated decoders (tests/j2k/campaign.cpp), in pieces that each leave a line.
#
#   tools/campaign.sh CODER FIRST_SEED COUNT
#     CODER        ht or part1
#   CAMPAIGN       the program (build/release/tests/j2k/campaign)
#   CAMPAIGN_OUT   lines of JSON go there (build/campaigns/CODER.jsonl); tools/validate.py add puts their sum on record
#   J2K_FFMPEG     a libavcodec.so; when left out, that of PyPI's av for PYTHON (python3), else the system's
#
# What differs is printed and in CAMPAIGN_OUT.log. A piece that crashes is a line, too: its exit code stands in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# = 3 ] || { sed -n '4,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
coder=$1 first=$2 count=$3 piece=10000
program=${CAMPAIGN:-build/release/tests/j2k/campaign}
out=${CAMPAIGN_OUT:-build/campaigns/$coder.jsonl}
mkdir -p "$(dirname "$out")"
if [ -z "${J2K_FFMPEG:-}" ]; then
  J2K_FFMPEG=$("${PYTHON:-python3}" -c 'import glob, os, av
print(next(iter(glob.glob(os.path.dirname(av.__path__[0]) + "/av.libs/libavcodec-*.so*")), ""))' 2>/dev/null || true)
fi
[ -z "$J2K_FFMPEG" ] || export J2K_FFMPEG
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
worst=0
for ((seed = first; seed < first + count; seed += piece)); do
  some=$((first + count - seed < piece ? first + count - seed : piece))
  status=0
  nice -n 15 "$program" "$coder" "$seed" "$some" >"$out.piece" 2>>"$out.log" || status=$?
  grep -v '^{' "$out.piece" | tee -a "$out.log" || true
  line=$(grep '^{' "$out.piece" || echo "{\"command\": \"campaign $coder $seed $some\"}")
  echo "{\"date\": \"$(date -u +%F)\", \"commit\": \"$commit\", \"exit\": $status, ${line#\{}" >>"$out"
  [ "$status" = 0 ] || worst=1
done
rm -f "$out.piece"
exit $worst
