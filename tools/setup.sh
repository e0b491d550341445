# SPDX-License-Identifier: BSD-3-Clause
# Sourced by test.sh and demo.sh: packages of the system, the virtual environment, our wheel in it. Everything done once
# leaves a stamp, so that the next run passes over it. Wants `set -euo pipefail` and the repository root as directory.

readonly venv=$PWD/.venv
readonly wheel_dir=$PWD/build/wheel
readonly packages_to_build=(g++ cmake ninja-build pkg-config libopenjp2-7-dev libxxhash-dev libhwy-dev
  python3 python3-venv python3-pip)
# Not in every Debian: the build goes without.
readonly packages_if_there=(libgrokj2k1-dev)

# dpkg's maintainer scripts want the administrator's folders.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages [PACKAGE...]: what the build needs, and these, where they are missing.
install_packages() {
  apt_install "${packages_to_build[@]}" "$@"
  local package
  for package in "${packages_if_there[@]}"; do
    apt_install "$package" 2>/dev/null || say "$package can't be had: going on without it"
  done
}

apt_install() {
  local package missing=()
  for package; do is_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# stamped NAME CONTENT: whether the environment's stamp of that name holds CONTENT.
stamped() { [ -f "$venv/stamp-$1" ] && [ "$(cat "$venv/stamp-$1")" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$venv/stamp-$1"; }

# make_venv [REQUIREMENTS]: .venv by the system's Python, with what the requirements file lists.
make_venv() {
  local requirements=${1:-} name sum
  if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    say "making .venv"
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv"
  fi
  [ -n "$requirements" ] || return 0
  name=$(basename "$requirements")
  sum=$(sha256sum <"$requirements")
  stamped "$name" "$sum" && return
  say "installing what $name lists"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --prefer-binary -r "$requirements"
  stamp "$name" "$sum"
}

# Everything that goes into the wheel, as one checksum.
wheel_sum() {
  find src include python cmake LICENSES CMakeLists.txt pyproject.toml README.md LICENSE -type f ! -name '*.pyc' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

# build_wheel_and_install: the project's wheel, left in build/wheel and installed into .venv with what it needs.
build_wheel_and_install() {
  local sum
  sum=$(wheel_sum)
  if stamped wheel "$sum" && compgen -G "$wheel_dir/*.whl" >/dev/null; then return; fi
  say "building and installing the wheel"
  rm -rf "$wheel_dir"
  "$venv/bin/python" -m pip wheel -q --disable-pip-version-check --no-deps -w "$wheel_dir" .
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "$wheel_dir"/*.whl
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --force-reinstall --no-deps "$wheel_dir"/*.whl
  stamp wheel "$sum"
}
