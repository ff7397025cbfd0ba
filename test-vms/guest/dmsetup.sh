# For tests of dmctl dmsetup: . /test/dmsetup.sh
# One JVM for the many lines; that the launcher works is for the test to see.
coproc lines { java --enable-native-access=ALL-UNNAMED -cp '/test/classes:/opt/dmctl/target/lib/*' DmsetupLines 2>&1; }
ours() { # dmctl dmsetup, to ours.out and ours.err
  local IFS=$'\t' words code
  words="$*"
  printf '%s\n' "${words//$'\n'/$'\1'}" >&"${lines[1]}"
  read -r -t "${answer_seconds:-240}" code <&"${lines[0]}" || fail "no answer to: $*"
  [[ $code == [0-9]* ]] || fail "$* ended with: $code $(timeout 1 cat <&"${lines[0]}")"
  return "$code"
}
must() {
  ours "$@" || fail "dmctl dmsetup $* failed: $(cat ours.err)"
  echo "+ dmsetup $*" | cut -c 1-150
}
says() { # PART COMMAND...: refused with it
  local part=$1
  shift
  if ours "$@"; then fail "not refused: dmctl dmsetup $*"; fi
  grep -qF -- "$part" ours.err || fail "$* says: $(cat ours.err)"
}
