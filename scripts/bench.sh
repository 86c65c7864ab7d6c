#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh NAME [OPTION...] runs bench/NAME.py; without a name it lists the names.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

name=${1:-}
benches=(bench/*.py)
runnable() { grep -qx 'if __name__ == "__main__":' "$1"; }

if [[ -z $name ]]; then
  for file in "${benches[@]}"; do
    runnable "$file" || continue
    printf 'make bench BENCH=%-14s %s\n' "$(basename -- "$file" .py)" \
      "$(sed -n 's/^"""\(.*[^"]\)\("""\)\{0,1\}$/\1/p;T;q' "$file")"
  done
  exit
fi
if [[ ! -f bench/$name.py ]] || ! runnable "bench/$name.py"; then
  die "there is no bench '$name'" "make bench lists them"
fi
# The other side of a comparison, where we may install it; the bench goes on without.
if [[ $name == sealed_state && $* == *--more* && $EUID == 0 ]] && command -v apt-get >/dev/null; then
  # shellcheck source=debian.sh
  . "$ROOT/scripts/debian.sh"
  mapfile -t debian < <(packages_in requirements/debian-bench.txt)
  need_debian "${debian[@]}"
fi
exec "$VENV/bin/python" -m "bench.$name" "${@:2}"
