#!/bin/bash
# timeout: 2700
# alone: yes
# kernel-log: blocked for more than
# The devices of a group under names of /dev/mapper, over the kernel's NBD client, below a mounted and busy file
# system: the daemon is killed, and stopped by a signal; no error reaches the writer, and nothing is lost.
. /test/lib.sh
. /test/writer.sh

home_and_vault 64MiB 16MiB 'front-end: kernel-nbd' 'mapper: true'
mkdir mnt
tidy() {
  touch stop
  umount mnt 2>/dev/null || true
  dmctl down >/dev/null 2>&1 || true
  dmsetup remove_all 2>/dev/null || true
  [[ ! -e home/dmctld.log ]] || tail -n 40 home/dmctld.log
}
trap tidy EXIT

data=/dev/mapper/guest-data
wal=/dev/mapper/guest-wal

start_home
until_true 900 test -b $data
until_true 600 test -b $wal
assert_equal 67108864 "$(blockdev --getsize64 $data)" "size of $data"
assert_equal 16777216 "$(blockdev --getsize64 $wal)" "size of $wal"

# dmsetup and lsblk see what they should.
nbd=$(nbd_of home 0)
number=$(number_of "$nbd")
uuid=$(dmsetup info -c --noheadings -o uuid guest-data)
[[ $uuid =~ ^DMCTL-[0-9a-f]{32}-0-0$ ]] || fail "UUID of guest-data: $uuid"
[[ $(dmsetup info -c --noheadings -o uuid guest-wal) == "${uuid%-0}-1" ]] || fail "UUID of guest-wal"
assert_equal "0 131072 linear $number 0" "$(dmsetup table guest-data)" "table of guest-data"
dmsetup deps guest-data | grep -q "(${number/:/, })" || fail "deps: $(dmsetup deps guest-data)"
lsblk -nro NAME,TYPE "$nbd" | grep -qx 'guest-data dmctl' || fail "lsblk: $(lsblk "$nbd")"
dmctl status --json | tr -d ' \n' >status.json
grep -q '"path":"/dev/mapper/guest-data","state":"live","below":"'"$nbd"'"' status.json ||
  fail "status: $(cat status.json)"

# The other device, raw.
dd if=pattern of=$wal bs=64k seek=16 conv=fsync 2>/dev/null

file_system $data
if timeout 900 dmctl down >refusal 2>&1; then fail "dmctl down was not refused"; fi
grep -q 'in use on this machine: /dev/mapper/guest-data; unmount' refusal || fail "refusal: $(cat refusal)"
[[ -b $wal ]] || fail "a refused dmctl down has removed $wal"
if dmsetup remove guest-data 2>/dev/null; then fail "a mounted device was removed"; fi

write_on &
writer=$!
until_true 600 goes_on 0

for signal in KILL TERM KILL; do
  end_daemon $signal home
  at=$(written)
  echo "killed by $signal at write $at"
  assert_mounted $data "$PWD/mnt"
  start_home
  until_true 900 goes_on "$at"
  until_true 600 test -b $wal
  echo "goes on at write $(written)"
done
end_writer $writer
assert_equal "$uuid" "$(dmsetup info -c --noheadings -o uuid guest-data)" "UUID after the restarts"
(cd mnt && md5sum file*) >sums
umount mnt
e2fsck -fn $data

dmctl wait applied vault
dmctl down
trap - EXIT
[[ ! -e $data && ! -e $wal ]] || fail "names are left: $(dmsetup ls; ls /dev/mapper)"
for device in /sys/block/nbd*; do
  [[ ! -e $device/pid ]] || fail "$device is still connected"
done
cmp home/data.img vault/data.img
cmp home/wal.img vault/wal.img
same_files vault/data.img sums

# A name that somebody else has is refused by name and left alone; the other device works.
dmsetup create guest-data --table '0 2048 zero'
start_home
until_true 900 test -b $wal
until_true 600 grep -q '/dev/mapper/guest-data is there already (no UUID)' home/dmctld.log
assert_equal '0 2048 zero ' "$(dmsetup table guest-data)" "a table of somebody else"
dmsetup remove guest-data
until_true 600 grep -q 'device data is /dev/mapper/guest-data' home/dmctld.log
until_true 600 test -b $data
dmctl down
[[ ! -e $data && ! -e $wal ]] || fail "names are left: $(dmsetup ls; ls /dev/mapper)"
