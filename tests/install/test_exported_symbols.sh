#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# test_exported_symbols.sh LIBRARY: it exports exactly what exported_symbols.txt lists, has the SONAME that C-Blosc2 looks
# for, and needs no symbol of C-Blosc2, which not every host has to offer.
set -eu
library=$1
list=$(dirname "$0")/exported_symbols.txt

nm -D --defined-only "$library" | awk '{ print $3 }' | LC_ALL=C sort | diff "$list" -

if nm -D --undefined-only "$library" | grep -E ' (blosc|b2nd|frame)'; then
  echo "$library must not need C-Blosc2" >&2
  exit 1
fi
soname=$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[ "$soname" = libblosc2_grok.so ] || { echo "SONAME is $soname" >&2; exit 1; }
