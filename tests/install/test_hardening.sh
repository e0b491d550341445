#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# test_hardening.sh LIBRARY [COMMANDS]: a release build's library is hardened, and has no way to the outside: it can't
# open files for itself, run programs or reach the network, whatever a block holds. COMMANDS is compile_commands.json:
# every source of ours was compiled with the flags.
set -euo pipefail
library=$1
commands=${2:-}
status=0
fail() { echo "$library: $*" >&2; status=1; }

# Only the linker writes to the tables of addresses, and before anything runs; no page is writable and executable.
segments=$(readelf -lW "$library")
grep -q GNU_RELRO <<<"$segments" || fail "no RELRO"
readelf -dW "$library" | grep -qE 'BIND_NOW|Flags:.* NOW' || fail "RELRO is not full: symbols are bound late"
grep -E 'GNU_STACK' <<<"$segments" | grep -qv 'RWE' || fail "the stack is executable"
! grep -E '^ +LOAD' <<<"$segments" | grep -q 'RWE' || fail "a segment is writable and executable"
! readelf -dW "$library" | grep -q TEXTREL || fail "its code is changed at loading"
! readelf -dW "$library" | grep -E 'RPATH|RUNPATH' | grep -v '\$ORIGIN' || fail "it searches fixed folders for libraries"

needed=$(nm -D --undefined-only "$library" | awk '{ print $NF }' | sed 's/@.*//')
grep -qx '__stack_chk_fail' <<<"$needed" || fail "no stack protector"
grep -qE '^__(mem|s|vs|v?fprintf|str).*_chk$' <<<"$needed" || fail "no _FORTIFY_SOURCE"

# What would let it out. It reads environment variables, writes lines to stderr (verbose) and that is all.
ways_out='(f?open(64|at|at64)?|fdopen|freopen(64)?|creat(64)?|mkstemp.*|mkdir.*|tmpfile.*|unlink(at)?|rename(at)?.*|remove'
ways_out+='|p?write(v|64)?|truncate.*|link(at)?|symlink(at)?|chmod|chown|mknod.*'
ways_out+='|popen|system|exec[vl].*|fexecve|posix_spawn.*|v?fork|clone|dlm?open|dlsym'
ways_out+='|socket(pair)?|connect|bind|listen|accept4?|send(to|msg|mmsg)?|recv(from|msg|mmsg)?|getaddrinfo|gethostby.*|res_.*'
ways_out+='|shm_open|mmap(64)?|mprotect|ptrace|setenv|putenv)'
if grep -xE "$ways_out" <<<"$needed"; then fail "these lead out of the process"; fi
# The same by way of libstdc++: streams of files, and its filesystem library.
if grep -E 'basic_(i|o)?f(stream|ilebuf)|basic_filebuf|10filesystem|__basic_file' <<<"$needed"; then
  fail "libstdc++'s files lead out of the process"
fi
# Of OpenJPEG and Grok only what works on memory.
if grep -E '(opj|grk)_.*(file|dump)' <<<"$needed"; then fail "an engine's functions for files are used"; fi

# One file compiled without the flags would not show in the library.
if [ -n "$commands" ]; then
  sources=$(grep '"command":' "$commands" | grep -E '/src/([a-z0-9_]+/)?[a-z0-9_]+\.cpp"?,?$')
  [ "$(wc -l <<<"$sources")" -ge 50 ] || fail "$commands has $(wc -l <<<"$sources") sources"
  for flag in -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC; do
    ! grep -v -e "$flag" <<<"$sources" | sed 's/.* /without '"$flag"': /' | grep . || fail "sources without $flag"
  done
fi
[ $status -eq 0 ] && echo "$library is hardened and has no way out"
exit $status
