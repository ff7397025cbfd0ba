# For tests: . /test/lib.sh
set -eu -o pipefail

fail() {
  echo "FAILED: $*"
  exit 1
}

skip() {
  echo "skipped: $*"
  exit 77
}

# until_true SECONDS COMMAND...: waits till it succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [[ $SECONDS -lt $end ]] || fail "not within the time: $*"
    sleep 0.2
  done
}

# A mount that silently is none makes every later check pass: md5 and cmp then see the guest's own root.
assert_mounted() { # DEVICE FOLDER
  grep -q "^$1 $2 " /proc/mounts || fail "$1 is not mounted on $2"
}

assert_equal() { # EXPECTED ACTUAL WHAT
  [[ $1 == "$2" ]] || fail "$3: '$2' instead of '$1'"
}

refused() { # COMMAND...: must fail, and not hang
  if timeout 120 "$@"; then fail "was not refused: $*"; fi
}

# The launchers of short JVMs take 4 to 5 s each here: prefer one long-lived process to many short ones.
