#!/bin/bash
# timeout: 2400
# alone: yes
# kernel-log: blocked for more than
# A target that takes over has the group's devices as /dev/ublkbN, and the old primary has none any more.
. /test/lib.sh

cat >group.yaml <<'Y'
group: guest
front-end: ublk
devices:
  - {name: data, size: 64MiB}
  - {name: wal, size: 16MiB}
sites:
  - name: home
    listen: 127.0.0.1:7701
    log: {path: home/replog, size: 32MiB}
    devices: {data: home/data.img, wal: home/wal.img}
  - name: near
    listen: 127.0.0.1:7702
    log: {path: near/replog, size: 32MiB}
    devices: {data: near/data.img, wal: near/wal.img}
Y
tidy() {
  umount /mnt 2>/dev/null || true
  dmctl down --drain 1s >/dev/null 2>&1 || true
  tail -n 20 home/dmctld.log near/dmctld.log
}
trap tidy EXIT

dmctl up --detach --timeout 10m # a busy machine is slow, which is no failure
until_true 300 said home 'device wal: /dev/ublkb[0-9]* is there'
data=$(ublk_of home data)
wal=$(ublk_of home wal)

echo "--- a target has none"
assert_equal 2 "$(ls /dev/ublkb* | wc -l)" "devices of two sites, of which one is primary"
mke2fs -q -t ext4 "$data"
mount "$data" /mnt
assert_mounted "$data" /mnt
dd if=/dev/urandom of=written bs=1M count=8 2>/dev/null
cp written /mnt/file
umount /mnt
dd if=written of="$wal" bs=1M count=4 oflag=direct conv=fsync 2>/dev/null
dmctl wait applied near --timeout 5m

echo "--- the primary is killed and a target takes over"
end_daemon KILL home
dmctl takeover near --yes
until_true 300 said near 'device wal: /dev/ublkb[0-9]* is there'
[[ $(ublk_of near data) != "$data" && $(ublk_of near wal) != "$wal" ]] || fail "two sites share a device"
dmctl status | tee status.txt
grep -q "devices at near, by ublk: data $(ublk_of near data), wal $(ublk_of near wal)" status.txt ||
  fail "status does not name the devices"
e2fsck -fn "$(ublk_of near data)"
mount "$(ublk_of near data)" /mnt
assert_mounted "$(ublk_of near data)" /mnt
cmp written /mnt/file
dd if="$(ublk_of near wal)" bs=1M count=4 iflag=direct 2>/dev/null | cmp -n 4194304 - written
cp written /mnt/second
sync -f /mnt/second

echo "--- the old primary follows, and what it had left of devices goes"
dmctl up --site home --detach --timeout 10m
until_true 300 said home "$data of an earlier start is removed: it is not served here"
until_true 300 said home "$wal of an earlier start is removed: it is not served here"
[[ ! -e $data && ! -e $wal ]] || fail "the old primary still has devices"
cmp written /mnt/second

echo "--- a clean stop removes them"
umount /mnt
mine=$(ublk_of near data)
dmctl wait applied home --timeout 5m
dmctl down
[[ ! -e $mine && ! -e /dev/ublkb0 && ! -e /dev/ublkc0 ]] || fail "a device is left: $(ls /dev/ublk*)"
cmp home/data.img near/data.img
cmp home/wal.img near/wal.img
e2fsck -fn home/data.img
trap - EXIT
