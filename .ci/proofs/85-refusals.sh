#!/usr/bin/env bash
# What dmctl says where a privilege, a module, the library or io_uring is missing: one line with the remedy. And
# that the group is served over its NBD socket all the same. On a machine as it comes: what it has is hidden.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
. .ci/proofs/lib.sh
forbid=$PWD/tools/lab/forbid_io_uring.py
dmctl=$PWD/dmctl

[[ $EUID -eq 0 ]] || cannot "hides parts of the machine in namespaces: needs root"
need unshare setpriv qemu-io python3
"$dmctl" --version >/dev/null # builds what is missing

work=$(mktemp -d)
daemon=
tidy() {
  [[ -z $daemon ]] || kill "$daemon" 2>/dev/null || true
  rm -rf "$work"
}
trap tidy EXIT
chmod 755 "$work"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
# A copy that anybody may run: this checkout may lie in a folder that is root's alone.
mkdir -p "$work/dmctl/target"
cp dmctl "$work/dmctl"
cp -r target/lib "$work/dmctl/target"
dmctl=$work/dmctl/dmctl

# Where every file of the machine is as it is, but for those of device-mapper: DRIVER yes or no.
hidden() { # DRIVER LIBRARY COMMAND...
  local driver=$1 library=$2
  shift 2
  grep -v ' device-mapper$' /proc/misc >"$work/misc"
  [[ $driver == no ]] || echo "236 device-mapper" >>"$work/misc"
  unshare --mount bash -euc '
    work=$1 library=$2
    shift 2
    mount --bind "$work/misc" /proc/misc
    mount -t tmpfs none /sys/class/misc
    [[ ! -d /dev/mapper ]] || mount -t tmpfs none /dev/mapper
    if [[ $library == no ]]; then
      for file in $(find /lib/*-linux-gnu* /usr/lib -name "libdevmapper.so*" 2>/dev/null | xargs -r readlink -f | sort -u); do
        mount --bind /dev/null "$file"
      done
    fi
    exec "$@"' - "$work" "$library" "$@"
}

says() { # LINE COMMAND...: fails, and says this line and nothing else
  local line=$1 said
  shift
  said=$("$@" 2>&1) && fail "succeeded: $*"
  [[ $said == "$line" ]] || fail "instead of '$line': $said"
  echo "  $said"
}

echo "- dmctl dmsetup: no driver, no library, no privilege"
says "dmctl dmsetup: this kernel has no device-mapper; load it with: modprobe dm-mod" \
  hidden no yes "$dmctl" dmsetup ls
says "dmctl dmsetup: libdevmapper.so.1.02.1 cannot be loaded; install it with: apt install libdevmapper1.02.1" \
  hidden yes no "$dmctl" dmsetup create x --table "0 8 zero"
says "dmctl dmsetup: no privilege to use device-mapper (CAP_SYS_ADMIN); run this as root" \
  "${nobody[@]}" "$dmctl" dmsetup ls

group() { # NAME LINE...: writes its file, with these lines
  mkdir "$work/$1"
  one_site "$@" >"$work/$1/group.yaml"
  chown -R 65534:65534 "$work/$1"
}

served() { # NAME: the group is, over its socket
  qemu-io -f raw "nbd+unix:///data?socket=$work/$1/home/nbd.sock" -c 'write -P 0x5a 1M 64k' -c flush -c 'read -P 0x5a 1M 64k' \
    >"$work/io" 2>&1 && ! grep -q 'failed' "$work/io" || { cat "$work/io" && fail "$1: the socket does not serve"; }
}

told() { # NAME LINE: once in the daemon's messages, which end with it
  local count
  count=$(grep -cF "$2" "$work/$1/home/dmctld.log") || true
  [[ $count -eq 1 ]] || { cat "$work/$1/home/dmctld.log" && fail "$1: said $count times: $2"; }
  echo "  $(grep -oF "$2" "$work/$1/home/dmctld.log")"
}

problem() { # NAME EXPRESSION: among the problems of status
  local end=$((SECONDS + 180))
  until "$dmctl" status -f "$work/$1/group.yaml" >"$work/status" 2>&1 && grep -q "$2" "$work/status"; do
    [[ $SECONDS -lt $end ]] || { cat "$work/status" && fail "$1: status does not say: $2"; }
  done
}

up() { # NAME COMMAND...: its daemon runs in what COMMAND makes of the machine
  local name=$1
  shift
  "$@" "$dmctl" up "$work/$name/group.yaml" --detach >"$work/up" 2>&1 || { cat "$work/up" && fail "$name: not served"; }
  daemon=$(cat "$work/$name/home/dmctld.pid")
}

down() { # NAME
  "$dmctl" down -f "$work/$1/group.yaml" >"$work/down" 2>&1 || { cat "$work/down" && fail "$1: not stopped cleanly"; }
  daemon=
}

echo "- front-end: kernel-nbd without the module (another network namespace has none)"
line='nbd: the kernel has no NBD client here; run modprobe nbd, outside of containers, or write "front-end: sockets"'
group nbd "front-end: kernel-nbd"
up nbd unshare --net
problem nbd "$line"
served nbd
denied="no right to talk to the daemon at $work/nbd/home/admin.sock; run this as root or as the daemon's user"
"${nobody[@]}" "$dmctl" status -f "$work/nbd/group.yaml" >"$work/status" 2>&1 || true
grep -qF "$denied" "$work/status" || { cat "$work/status" && fail "another user is not told what to do"; }
echo "  $denied" | sed "s|$work|...|"
down nbd
told nbd "$line"

echo "- front-end: dm-user where no table names the device, as nobody"
line='/dev/dm-user/user-data: no table of the target user names it (Android kernels have it); make one with dmsetup create, or write another front-end'
group user "front-end: dm-user"
up user "${nobody[@]}"
problem user "$line"
served user
down user
told user "$line"

echo "- front-end: ublk without the driver, or without the right, as this machine has it; as nobody"
group ublk "front-end: ublk"
up ublk "${nobody[@]}"
problem ublk "ublk_drv\|run dmctld as root"
served ublk
down ublk
lines=$(grep -c 'ublk: .*; next: .*\(ublk_drv\|run dmctld as root\)' "$work/ublk/home/dmctld.log") || true
[[ $lines -eq 1 ]] || { cat "$work/ublk/home/dmctld.log" && fail "ublk: said $lines times what to do"; }
echo "  $(grep -o 'ublk: .*; next: .*' "$work/ublk/home/dmctld.log")"

echo "- a folder that may not be written, as nobody"
group shut
chown -R 0:0 "$work/shut"
says "dmctl: cannot start the daemon of home: $work/shut/home: permission denied; run this as a user that may write there, or give that right" \
  "${nobody[@]}" "$dmctl" up "$work/shut/group.yaml" --detach

echo "- io_uring forbidden, or not there"
forbidden='io_uring is forbidden here; permit it with: sysctl kernel.io_uring_disabled=0, or the system calls io_uring_setup, io_uring_enter and io_uring_register where a container or a service filters them'
old='this kernel has no io_uring that is new enough; use Linux 5.6 or newer'
group threads
up threads "$forbid" EPERM
served threads
down threads
told threads "disks are served by threads: $forbidden"
up threads "$forbid" ENOSYS
served threads
down threads
told threads "disks are served by threads: $old"

group ring "disk-access: io-uring"
refused() { # ERRNO LINE
  code=0
  "$forbid" "$1" "$dmctl" up "$work/ring/group.yaml" --detach >"$work/up" 2>&1 || code=$?
  [[ $code -eq 1 ]] && grep -qF "site home: $2, or write \"disk-access: threads\"" "$work/up" ||
    { cat "$work/up" && fail "disk-access: io-uring with $1 ended with $code"; }
  echo "  $(grep -oF "site home: $2, or write \"disk-access: threads\"" "$work/up")"
}
refused EPERM "$forbidden"
refused ENOSYS "$old"
echo "each said in one line, and served over the socket"
