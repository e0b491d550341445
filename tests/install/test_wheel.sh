#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test_wheel.sh WHEEL [PYTHON]: installs a wheel of tools/make_wheel.sh into an empty environment and uses it there, on a
# machine that lacks every library which the wheel should carry: in a mount namespace that has empty files in their place.
# Exit status 77: no such namespace can be made here.
set -euo pipefail

wheel=$(realpath "$1")
python=${2:-python3}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$wheel: $*" >&2; exit 1; }

if unshare --mount true 2>/dev/null; then namespace=(unshare --mount)
elif unshare --map-root-user --mount true 2>/dev/null; then namespace=(unshare --map-root-user --mount)
else echo "no mount namespace can be made here" >&2; exit 77; fi

case $(basename "$wheel") in
  blosc2_grok-*-py3-none-manylinux*_x86_64.whl) ;;
  *) fail "the tag must be py3-none-manylinux" ;;
esac

"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel"
export PATH=$work/venv/bin:$PATH
unset PYTHONPATH LD_LIBRARY_PATH
cd "$work" # away from the sources
site=$(python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
library=$site/blosc2_grok/libblosc2_grok.so
licences=$(echo "$site"/blosc2_grok-*.dist-info/licenses)

# The library is still what C-Blosc2 looks for; header, package and texts came along; the licence is what the build says.
"$here/test_exported_symbols.sh" "$library"
for sibling in j2k htj2k; do "$here/test_sibling_symbols.sh" "${library%/*}/libblosc2_$sibling.so"; done
for file in "$site"/blosc2_grok/{include/blosc2_grok.h,lib/pkgconfig/blosc2_grok.pc,py.typed} \
  "$licences"/{LICENSE,LICENSES/{README.md,OpenJPEG.txt,Highway.txt,xxHash.txt,BUNDLED.txt}}; do
  [ -s "$file" ] || [ "${file##*/}" = py.typed ] || fail "no $file"
done
stated=$(sed -n 's/^License-Expression: //p' "$site"/blosc2_grok-*.dist-info/METADATA)
built=$(python -c 'import blosc2_grok as b; print(b.diagnose()["library"]["licence"])')
[ "$stated" = "$built" ] || fail "its metadata says $stated, the library $built"
carried=(libopenjp2 libhwy)
engines=(openjpeg)
case $built in
  AGPL*)
    engines+=(grok)
    carried+=(libgrokj2k liblcms2)
    for text in Grok OpenJPH Taskflow lcms2; do [ -s "$licences/LICENSES/$text.txt" ] || fail "no $text"; done ;;
  *)
    [[ $wheel = *manylinux_2_24* ]] || fail "without Grok it should need no glibc newer than 2.18"
    carried+=(libgrokj2k libstdc++)
    for text in Grok lcms2; do [ ! -e "$licences/LICENSES/$text.txt" ] || fail "$text is not in it"; done
    [ -s "$licences/LICENSES/GCC-runtime-exception.txt" ] || fail "no GCC-runtime-exception"
    [ ! -e "$site/blosc2_grok.libs" ] || fail "nothing should be bundled" ;;
esac

# hide LIBRARY...: empty files in the place of the system's copies.
cat >"$work/hide" <<'EOF'
set -eu
for name; do
  for file in $(find /lib /lib64 /usr/lib /usr/local/lib -name "$name.so*" 2>/dev/null | xargs -r realpath | sort -u); do
    case $file in *.so | *.so.*) mount --bind /dev/null "$file" ;; esac
  done
done
EOF
without() { # LIBRARY... -- COMMAND...: runs it where these can't be loaded
  local names=()
  while [ "$1" != -- ]; do names+=("$1"); shift; done
  shift
  "${namespace[@]}" sh -c "sh '$work/hide' ${names[*]} && exec \"\$@\"" sh "$@"
}

# Is hiding hiding? libopenjp2 itself must fail to load, or the rest proves nothing.
if ldconfig -p | grep -q libopenjp2.so.7; then
  ! without libopenjp2 -- python -c 'import ctypes; ctypes.CDLL("libopenjp2.so.7")' 2>/dev/null ||
    fail "the system's libopenjp2 could not be hidden"
fi

# The library alone, by the dynamic linker and nothing else.
cat >load_alone.py <<'EOF'
import ctypes, os, sys
library = ctypes.CDLL(sys.argv[1])
library.blosc2_grok_version.restype = ctypes.c_char_p
print("loads alone:", library.blosc2_grok_version().decode())
names = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
strangers = [name for name in names if any(word in name for word in ("openjp2", "grok", "lcms2", "hwy"))
             and not name.startswith(os.path.dirname(os.path.dirname(sys.argv[1])))]
assert not strangers, strangers
EOF
without "${carried[@]}" -- python load_alone.py "$library"

# With Blosc2 (whose own libraries need libstdc++), by importing us first and by the host's search alone.
carried=("${carried[@]/libstdc++/libgrokj2k}")
cat >selftest.py <<'EOF'
import blosc2_grok
checks = blosc2_grok.selftest()
print("engines:", *(engine["name"] for engine in blosc2_grok.diagnose()["library"]["engines"]))
print(*checks, sep="\n")
assert checks and all(check.ok for check in checks)
EOF
for engine in "${engines[@]}"; do
  BLOSC2_GROK_ENGINE=$engine without "${carried[@]}" -- python selftest.py
done
cat >write.py <<'EOF'
import blosc2, blosc2_grok, numpy
image = (numpy.arange(300 * 400) % 4001).astype("u2").reshape(300, 400)
cparams = {"codec": blosc2.Codec.GROK, "filters": [], "splitmode": blosc2.SplitMode.NEVER_SPLIT}
blosc2.asarray(image, chunks=image.shape, blocks=image.shape, cparams=cparams, urlpath="image.b2nd", mode="w")
EOF
cat >read.py <<'EOF'
import blosc2, numpy, sys
image = (numpy.arange(300 * 400) % 4001).astype("u2").reshape(300, 400)
assert numpy.array_equal(blosc2.open("image.b2nd")[:], image)
assert "blosc2_grok" not in sys.modules
print("read by the host's search for the plugin alone")
EOF
without "${carried[@]}" -- python write.py
without "${carried[@]}" -- python read.py

# A C program built against the header, package and library in the wheel.
cmake -S "$here/consumer_c" -B "$work/consumer" -Dblosc2_grok_DIR="$site/blosc2_grok/lib/cmake/blosc2_grok" >/dev/null
cmake --build "$work/consumer" >/dev/null
without "${carried[@]}" -- "$work/consumer/consumer"
[ "$(PKG_CONFIG_PATH=$site/blosc2_grok/lib/pkgconfig pkg-config --variable=libdir blosc2_grok | xargs realpath)" = \
  "$(realpath "$site/blosc2_grok")" ] || fail "pkg-config finds another folder"

echo "$(basename "$wheel"): $built, $(stat -c %s "$wheel") bytes, library $(stat -c %s "$library") bytes: works"
