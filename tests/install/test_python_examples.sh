#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# test_python_examples.sh WORK PYTHON: runs each of examples/*.py in a folder of its own. Exit status 77: PYTHON has no
# blosc2_grok, or not what one of them needs.
set -eu
work=$1
python=$2
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
"$python" -c 'import blosc2_grok' 2>/dev/null || { echo "skipped: no blosc2_grok in $python"; exit 77; }
rm -rf "$work"

status=0
for example in "$examples"/*.py; do
  name=$(basename "$example" .py)
  mkdir -p "$work/$name"
  if (cd "$work/$name" && "$python" -W error::DeprecationWarning:__main__ "$example" >output 2>&1); then
    echo "$name: $(tail -n 1 "$work/$name/output")"
  elif grep -q '^ModuleNotFoundError' "$work/$name/output"; then
    echo "$name: skipped: $(tail -n 1 "$work/$name/output")"
    [ $status = 1 ] || status=77
  else
    echo "$name failed:"
    cat "$work/$name/output"
    status=1
  fi
done
exit $status
