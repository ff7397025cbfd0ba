#!/bin/bash
# timeout: 1200
# packs: nbd
# The module that is missing, io_uring that is forbidden, the privilege that is missing: a line each with the
# remedy, and the group is served over its socket all the same. What was missing is seen without a restart.
. /test/lib.sh

group() { # NAME FRONT-END
  mkdir "$1"
  cat >"$1/group.yaml" <<Y
group: $1
front-end: $2
devices:
  - {name: data, size: 8MiB}
sites:
  - name: home
    listen: unix:home/link.sock
    log: {path: home/replog, size: 8MiB}
    devices: {data: home/data.img}
    nbd: unix:home/nbd.sock
Y
}
served() { # NAME
  qemu-io -f raw "nbd+unix:///data?socket=$PWD/$1/home/nbd.sock" -c 'write -P 0x5a 1M 64k' -c flush -c 'read -P 0x5a 1M 64k' >io
  ! grep -q failed io || fail "$1 is not served over its socket: $(cat io)"
}
told() { # NAME LINE: it stands in the daemon's messages once
  until_true 180 grep -qF "$2" "$1/home/dmctld.log"
  assert_equal 1 "$(grep -cF "$2" "$1/home/dmctld.log")" "times that $1 is told: $2"
}
tidy() {
  for name in module nobody ublk; do
    [[ ! -e $name/home/dmctld.pid ]] || dmctl down -f $name/group.yaml || cat $name/home/dmctld.log
  done
  echo 0 >/proc/sys/kernel/io_uring_disabled
  modprobe nbd
  modprobe ublk_drv
}
trap tidy EXIT

rmmod nbd
echo 2 >/proc/sys/kernel/io_uring_disabled
group module kernel-nbd
dmctl up module/group.yaml --detach
told module 'nbd: the kernel has no NBD client here; run modprobe nbd, outside of containers, or write "front-end: sockets"'
told module 'disks are served by threads: io_uring is forbidden here; permit it with: sysctl kernel.io_uring_disabled=0'
served module
modprobe nbd
until_true 180 nbd_connected module/home 0
dd if="$(nbd_of module/home 0)" bs=64k skip=16 count=1 2>/dev/null | tr -d '\132' | cmp - /dev/null
dmctl down -f module/group.yaml

group nobody kernel-nbd
chown -R 65534:65534 nobody
unshare --setgid 65534 --setuid 65534 dmctl up nobody/group.yaml --detach
told nobody 'nbd: not permitted; run dmctld as root or with CAP_SYS_ADMIN, or write "front-end: sockets"'
served nobody
dmctl status -f nobody/group.yaml | grep -F 'nbd: not permitted; run dmctld as root' || fail "status does not say it"
dmctl down -f nobody/group.yaml

rmmod ublk_drv
group ublk ublk
dmctl up ublk/group.yaml --detach
told ublk 'ublk: /dev/ublk-control is not there: the ublk driver is not loaded; next: modprobe ublk_drv'
served ublk
modprobe ublk_drv
told ublk 'ublk: ublk needs io_uring, which this process may not use: operation not permitted (EPERM); next: sysctl kernel.io_uring_disabled=0'
served ublk
echo 0 >/proc/sys/kernel/io_uring_disabled
until_true 180 test -b /dev/ublkb0
until_true 180 dd if=/dev/ublkb0 of=block bs=64k skip=16 count=1
tr -d '\132' <block | cmp - /dev/null
dmctl down -f ublk/group.yaml
trap - EXIT
