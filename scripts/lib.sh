# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the scripts beside this file share: source it, do not run it.
set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
STAMPS=$VENV/.flinksec

# Progress goes to stderr: `flinksec demo --json` keeps stdout for its object.
say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [HINT...]
die() {
  say "error: $1"
  shift
  local hint
  for hint in "$@"; do say "hint: $hint"; done
  exit 1
}

# step TEXT COMMAND...: a line with the seconds it took; the command's output only if it fails.
# The command may be a function: the first failure in it ends it, which within `if` or && it would not.
step() {
  local text=$1 start=$SECONDS log status=0
  shift
  log=$(mktemp)
  printf '%s ... ' "$text" >&2
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  status=$?
  set -e
  if ((status == 0)); then
    say "$((SECONDS - start)) s"
    rm -f -- "$log"
  else
    say "failed after $((SECONDS - start)) s"
    tail -n 60 -- "$log" >&2
    rm -f -- "$log"
    die "this step failed: $text"
  fi
}

# tree_hash PATH...: one SHA-256 over the names and contents of the sources below these paths.
tree_hash() {
  (
    cd -- "$ROOT"
    find "$@" \( -name target -o -name __pycache__ -o -path '*/src/test' \) -prune \
      -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
  )
}

# is_stamped NAME VALUE; stamp NAME VALUE: what a step was last done for.
is_stamped() { [[ -f $STAMPS/$1 && $(<"$STAMPS/$1") == "$2" ]]; }
stamp() {
  mkdir -p -- "$STAMPS"
  printf '%s\n' "$2" >"$STAMPS/$1"
}

# is_jdk HOME: a JDK 17 to 21 that can compile and link a runtime.
is_jdk() {
  local version
  [[ -x $1/bin/javac && -x $1/bin/jlink && -f $1/jmods/java.base.jmod && -f $1/release ]] || return 1
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  ((${version:-0} >= 17 && ${version:-0} <= 21))
}

# find_jdk: exports the JAVA_HOME of the first usable JDK.
find_jdk() {
  local javac candidate
  javac=$(command -v javac || true)
  for candidate in "${JAVA_HOME:-}" "${javac:+$(dirname -- "$(dirname -- "$(realpath -- "$javac")")")}" \
    /usr/lib/jvm/java-17-openjdk* /usr/lib/jvm/java-21-openjdk*; do
    if [[ -n $candidate ]] && is_jdk "$candidate"; then
      export JAVA_HOME=$candidate
      return
    fi
  done
  return 1
}

# maven ARGUMENT...: Maven on the reactor, with the JDK that find_jdk names.
maven() {
  find_jdk || die "no JDK 17 to 21 with jlink in JAVA_HOME, on PATH or in /usr/lib/jvm" "run: make setup"
  (cd -- "$ROOT/connectors" && mvn --batch-mode --no-transfer-progress -Dstyle.color=never "$@")
}
