#!/bin/bash
# timeout: 3000
# alone: yes
# kernel-log: blocked for more than
# The front end under a name of /dev/mapper is changed from the kernel's NBD client to ublk and back, under a mounted
# file system and a writer, and the daemon is killed after a change: no error, nothing lost.
. /test/lib.sh
. /test/writer.sh

cat >group.yaml <<'Y'
group: guest
front-end: kernel-nbd
mapper: true
devices: [{name: data, size: 64MiB}]
sites:
  - name: home
    listen: 127.0.0.1:7701
    log: {path: home/replog, size: 32MiB}
    devices: {data: home/data.img}
  - name: vault
    link: blockdev
    devices: {data: vault/data.img}
Y
mkdir mnt
tidy() {
  touch stop
  umount mnt 2>/dev/null || true
  dmctl down >/dev/null 2>&1 || true
  [[ ! -e home/dmctld.log ]] || tail -n 60 home/dmctld.log
  dmsetup table || true
}
trap tidy EXIT

data=/dev/mapper/guest-data
leads_to() { # KIND: the name's table is over a device of that driver
  local below
  below=$(lsblk -snro NAME $data | sed -n 2p)
  [[ $below == "$1"* && "$(dmsetup table guest-data)" == "0 131072 linear $(number_of "/dev/$below") 0" ]]
}
no_nbd() { [[ -z $(ls -d /sys/block/nbd*/pid 2>/dev/null) ]]; }
no_ublk() { [[ -z $(ls /dev/ublkc* 2>/dev/null) ]]; }

start_home
until_true 900 test -b $data
file_system $data
write_on &
writer=$!
until_true 600 goes_on 0
leads_to nbd || fail "table: $(dmsetup table)"

change() { # KIND
  local at
  at=$(written)
  timeout 900 dmctl front-end home "$1"
  echo "$1 after write $(written), ordered after $at"
  at=$(written)
  until_true 600 goes_on "$at"
}
change ublk
leads_to ublk || fail "table: $(dmsetup table)"
no_nbd || fail "the kernel's NBD client still has a device"

end_daemon KILL home
at=$(written)
start_home
until_true 900 goes_on "$at"
echo "after a kill on ublk goes on at write $(written); now the file's front end comes back by itself"
until_true 600 leads_to nbd
until_true 600 no_ublk
at=$(written)
until_true 600 goes_on "$at"

change ublk
change kernel-nbd
leads_to nbd || fail "table: $(dmsetup table)"
no_ublk || fail "a ublk device is left: $(ls /dev/ublk*)"

end_writer $writer
umount mnt
e2fsck -fn $data
dmctl wait applied vault --timeout 10m
dmctl down
trap - EXIT
[[ ! -e $data ]] || fail "the name is left"
cmp home/data.img vault/data.img
