#!/bin/bash
# timeout: 600
# The devices of a group as /dev/nbdN, under a mounted file system: the daemon is killed, and stopped by a
# signal, while a writer runs; no error reaches it, and nothing is lost.
. /test/lib.sh
. /test/writer.sh

home_and_vault 64MiB 16MiB 'front-end: kernel-nbd'
mkdir mnt
tidy() {
  touch stop
  umount mnt 2>/dev/null || true
  dmctl down >/dev/null 2>&1 || true
  [[ ! -e home/dmctld.log ]] || tail -n 40 home/dmctld.log
}
trap tidy EXIT

dmctl up --detach
until_true 60 nbd_connected home 0
until_true 60 nbd_connected home 1
data=$(nbd_of home 0)
wal=$(nbd_of home 1)
assert_equal 67108864 "$(blockdev --getsize64 "$data")" "size of $data"
assert_equal 16777216 "$(blockdev --getsize64 "$wal")" "size of $wal"
grep -q '^dmctl:.*:0$' "/sys/block/${data#/dev/}/backend" || fail "the kernel does not say whose $data is"

# The other device, raw.
dd if=pattern of="$wal" bs=64k seek=16 conv=fsync 2>/dev/null

file_system "$data"
refused dmctl down
nbd_connected home 0 || fail "a refused dmctl down has disconnected $data"

write_on &
writer=$!
until_true 120 goes_on 0

for signal in KILL KILL TERM; do
  end_daemon $signal home
  at=$(written)
  echo "killed by $signal at write $at"
  sleep 1
  assert_mounted "$data" "$PWD/mnt"
  dmctl up --detach
  until_true 120 goes_on "$at"
  echo "goes on at write $(written)"
done
end_writer $writer
assert_equal "$data" "$(nbd_of home 0)" "device after the restarts"
(cd mnt && md5sum file*) >sums
umount mnt
e2fsck -fn "$data"

dmctl wait applied vault
dmctl down
trap - EXIT
for device in /sys/block/nbd*; do
  [[ ! -e $device/pid ]] || fail "$device is still connected"
done
cmp home/data.img vault/data.img
cmp home/wal.img vault/wal.img
dd if=vault/wal.img bs=64k skip=16 count=64 2>/dev/null | cmp - pattern
same_files vault/data.img sums
