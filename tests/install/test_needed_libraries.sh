#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# test_needed_libraries.sh LIBRARY ENGINE...: of the JPEG 2000 libraries of others it needs those of the named engines, and
# no symbol of one that isn't named.
set -eu
library=$1
shift
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
check() { # ENGINE LIBRARY PREFIX ENGINES
  case " $4 " in
    *" $1 "*) echo "$needed" | grep -q "^$2" || { echo "$library does not need $2" >&2; exit 1; } ;;
    *) ! { echo "$needed" | grep "^$2" || nm -D "$library" | grep " $3"; } || { echo "$library uses $2" >&2; exit 1; } ;;
  esac
}
check openjpeg libopenjp2 opj_ "$*"
check grok libgrokj2k grk_ "$*"
