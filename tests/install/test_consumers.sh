#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# test_consumers.sh PREFIX WORK: builds and runs a stranger's C99 and C++11 programs against what is installed in PREFIX,
# by find_package and by pkg-config, after moving the prefix elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$2
rm -rf "$work"
mkdir -p "$work"
cp -a "$1" "$work/moved prefix" # a name that bad quoting does not survive
prefix="$work/moved prefix"
package=$(dirname "$(find "$prefix" -name blosc2_grokConfig.cmake)")
pkgconfig=$(dirname "$(find "$prefix" -name blosc2_grok.pc)")
library=$(dirname "$(find "$prefix" -name libblosc2_grok.so)")

for consumer in consumer_c consumer_cxx; do
  cmake -S "$here/$consumer" -B "$work/$consumer" -Dblosc2_grok_DIR="$package" >"$work/$consumer.log"
  cmake --build "$work/$consumer" >>"$work/$consumer.log" || { cat "$work/$consumer.log"; exit 1; }
done
"$work/consumer_c/consumer"
"$work/consumer_cxx/consumer_cxx"

# An unmet version must be refused, or the version file is not doing its work.
sed 's/blosc2_grok 0\.3/blosc2_grok 99/' "$here/consumer_c/CMakeLists.txt" >"$work/CMakeLists.txt"
cp "$here/consumer_c/consumer.c" "$work"
if cmake -S "$work" -B "$work/refused" -Dblosc2_grok_DIR="$package" >"$work/refused.log" 2>&1; then
  echo "version 99 was found" >&2
  exit 1
fi
grep -q 'requested version "99"' "$work/refused.log"

export PKG_CONFIG_PATH="$pkgconfig"
flags=$(pkg-config --cflags --libs blosc2_grok)
[ "$(pkg-config --modversion blosc2_grok)" = "$(sed -n 's/.*PACKAGE_VERSION "\([0-9.]*\)".*/\1/p' \
  "$package/blosc2_grokConfigVersion.cmake" | head -n 1)" ]
eval "${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Werror $here/consumer_c/consumer.c -o $work/by_pkgconfig $flags"
eval "${CXX:-c++} -std=c++11 -Wall -Wextra -Werror $here/consumer_cxx/consumer_cxx.cpp -o $work/by_pkgconfig_cxx $flags"
LD_LIBRARY_PATH="$library" "$work/by_pkgconfig"
LD_LIBRARY_PATH="$library" "$work/by_pkgconfig_cxx"
