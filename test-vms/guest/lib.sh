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

number_of() { # DEVICE: major:minor
  lsblk -dno MAJ:MIN "$1" | tr -d ' '
}

# A group of site home and of site vault, which has no daemon: home writes that copy, too.
home_and_vault() { # SIZE_OF_DATA SIZE_OF_WAL [LINE...]: of the group; writes group.yaml
  cat >group.yaml <<Y
group: guest
$(printf '%s\n' "${@:3}")
devices:
  - {name: data, size: $1}
  - {name: wal, size: $2}
sites:
  - name: home
    listen: 127.0.0.1:7701
    log: {path: home/replog, size: 32MiB}
    devices: {data: home/data.img, wal: home/wal.img}
    nbd: unix:home/nbd.sock
  - name: vault
    link: blockdev
    devices: {data: vault/data.img, wal: vault/wal.img}
Y
}

# As dmctl up does, but without a JVM that waits, which saves time.
start_home() {
  [[ -n ${start_home_command:-} ]] || mapfile -t start_home_command <<<"$(dmctl daemon-command --site home)"
  mkdir -p home
  setsid "${start_home_command[@]}" --create >>home/dmctld.log 2>&1 </dev/null &
}

end_daemon() { # SIGNAL STATE_FOLDER: returns when the process is gone
  local daemon
  daemon=$(cat "$2/dmctld.pid")
  kill "-$1" "$daemon"
  until_true 900 test ! -e "/proc/$daemon"
}

said() { # STATE_FOLDER TEXT [TIMES]: the daemon's messages have it so often
  [[ $(grep -c "$2" "$1/dmctld.log") -ge ${3:-1} ]]
}

# Where a device is, by what the daemon leaves behind: a JVM that asks it takes seconds.
ublk_of() { # STATE_FOLDER DEVICE
  grep -o "device $2: /dev/ublkb[0-9]*" "$1/dmctld.log" | tail -n 1 | grep -o '/dev/.*'
}

nbd_of() { # STATE_FOLDER NUMBER_OF_DEVICE
  sed -n "s|^$2 \(nbd[0-9]*\)$|/dev/\1|p" "$1/kernel-nbd" 2>/dev/null
}

nbd_connected() { # STATE_FOLDER NUMBER_OF_DEVICE
  local path
  path=$(nbd_of "$1" "$2")
  [[ -n $path && -e /sys/block/${path#/dev/}/pid ]]
}

# The launchers of short JVMs take 4 to 5 s each here: prefer one long-lived process to many short ones.
