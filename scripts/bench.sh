#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs bench/NAME.py, or bench/NAME/ through its __main__.py.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

name=${1:-}
for target in "bench/$name.py" "bench/$name"; do
  if [[ -n $name && -e $target ]]; then exec .venv/bin/python "$target"; fi
done
die "there is no benchmark '$name'" "make bench BENCH=name, with a name from the folder bench/"
