#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# test_sibling_symbols.sh LIBRARY: one that stands in for libblosc2_j2k.so or libblosc2_htj2k.so exports `info` alone, has
# its file's name as SONAME, and needs libblosc2_grok.so, where the functions are that it names.
set -eu
library=$1

symbols=$(nm -D --defined-only "$library" | awk '{ print $3 }')
[ "$symbols" = info ] || { echo "$library exports $symbols" >&2; exit 1; }
soname=$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[ "$soname" = "$(basename "$library")" ] || { echo "SONAME is $soname" >&2; exit 1; }
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')
case " $needed" in
  *" libblosc2_grok.so "*) ;;
  *) echo "$library needs $needed" >&2; exit 1 ;;
esac
for name in $(strings "$library" | grep -x 'blosc2_grok_[a-z]*_*[a-z]*coder'); do
  grep -qx "$name" "$(dirname "$0")/exported_symbols.txt" || { echo "$library names $name" >&2; exit 1; }
done
