#!/bin/bash
# timeout: 600
# The devices of a group as /dev/nbdN, under a mounted file system: the daemon is killed, and stopped by a
# signal, while a writer runs; no error reaches it, and nothing is lost.
. /test/lib.sh

cat >group.yaml <<'Y'
group: guest
front-end: kernel-nbd
devices:
  - {name: data, size: 64MiB}
  - {name: wal, size: 16MiB}
sites:
  - name: home
    listen: 127.0.0.1:7701
    log: {path: home/replog, size: 32MiB}
    devices: {data: home/data.img, wal: home/wal.img}
  - name: vault
    link: blockdev
    devices: {data: vault/data.img, wal: vault/wal.img}
Y
mkdir mnt
tidy() {
  touch stop
  umount mnt 2>/dev/null || true
  dmctl down >/dev/null 2>&1 || true
  [[ ! -e home/dmctld.log ]] || tail -n 40 home/dmctld.log
}
trap tidy EXIT

path_of() { # DEV_NR
  sed -n "s|^$1 \(nbd[0-9]*\)$|/dev/\1|p" home/kernel-nbd
}
connected() { # DEV_NR
  local path
  path=$(path_of "$1")
  [[ -n $path && -e /sys/block/${path#/dev/}/pid ]]
}
written() { cat progress; }
goes_on() { # FROM: the writer has ended at least two writes since
  [[ $(written) -ge $(($1 + 2)) ]]
}

dmctl up --detach
until_true 60 connected 0
until_true 60 connected 1
data=$(path_of 0)
wal=$(path_of 1)
assert_equal 67108864 "$(blockdev --getsize64 "$data")" "size of $data"
assert_equal 16777216 "$(blockdev --getsize64 "$wal")" "size of $wal"
grep -q '^dmctl:.*:0$' "/sys/block/${data#/dev/}/backend" || fail "the kernel does not say whose $data is"

# The other device, raw.
dd if=/dev/urandom of=pattern bs=64k count=64 2>/dev/null
dd if=pattern of="$wal" bs=64k seek=16 conv=fsync 2>/dev/null

mke2fs -q -t ext4 "$data"
mount "$data" mnt
assert_mounted "$data" "$PWD/mnt"
refused dmctl down
connected 0 || fail "a refused dmctl down has disconnected $data"

echo 0 >progress
(
  n=0
  while [[ ! -e stop ]]; do
    n=$((n + 1))
    dd if=pattern of="mnt/file$((n % 8))" bs=64k count=$((n % 16 + 1)) conv=fsync 2>>dd.log || echo "write $n" >>errors
    echo $n >progress.new
    mv progress.new progress
  done
) &
writer=$!
until_true 120 goes_on 0

for signal in KILL KILL TERM; do
  daemon=$(cat home/dmctld.pid)
  kill -$signal "$daemon"
  until_true 60 test ! -e "/proc/$daemon"
  at=$(written)
  echo "killed by $signal at write $at"
  sleep 1
  assert_mounted "$data" "$PWD/mnt"
  dmctl up --detach
  until_true 120 goes_on "$at"
  echo "goes on at write $(written)"
done
touch stop
wait $writer
[[ ! -e errors ]] || fail "errors reached the writer: $(cat errors dd.log)"
assert_equal "$data" "$(path_of 0)" "device after the restarts"
for file in mnt/file*; do
  cmp -n "$(stat -c %s "$file")" pattern "$file"
done
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
loop=$(losetup -f --show -r vault/data.img)
mount -o ro "$loop" mnt
assert_mounted "$loop" "$PWD/mnt"
(cd mnt && md5sum -c ../sums)
umount mnt
losetup -d "$loop"
