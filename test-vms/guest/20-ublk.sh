#!/bin/bash
# timeout: 2400
# alone: yes
# kernel-log: blocked for more than
# A group whose devices are /dev/ublkbN: read, written, mounted, and gone on with when the daemon is killed.
. /test/lib.sh

home_and_vault 64MiB 32MiB 'front-end: ublk'
up() { dmctl up --detach --timeout 10m; } # a busy machine is slow, which is no failure
tidy() {
  [[ -z ${writer:-} ]] || kill "$writer" 2>/dev/null || true
  umount /mnt 2>/dev/null || true
  dmctl down --drain 1s >/dev/null 2>&1 || true
}
trap tidy EXIT

echo "--- the driver is not loaded: one line with the remedy, and the sockets work"
rmmod ublk_drv
up
until_true 300 said home 'ublk: /dev/ublk-control is not there: the ublk driver is not loaded; next: modprobe ublk_drv'
dmctl status | tee status.txt
grep -q 'home: front-end: ublk: /dev/ublk-control is not there.*next: modprobe ublk_drv' status.txt ||
  fail "status does not say what is in the way"
[[ -S home/nbd.sock ]] || fail "no NBD socket"
modprobe ublk_drv
until_true 300 said home 'device wal: /dev/ublkb[0-9]* is there'
data=$(ublk_of home data)
wal=$(ublk_of home wal)
dmctl status | tee status.txt
grep -q "devices at home, by ublk: data $data, wal $wal" status.txt || fail "status does not name the devices"
grep -q 'disks by io-uring' status.txt || fail "status does not say how files are read"
if grep -q 'mlockall\|PR_SET_IO_FLUSHER' home/dmctld.log; then fail "memory is not guarded"; fi

echo "--- the devices are what the group says"
assert_equal 67108864 "$(blockdev --getsize64 "$data")" "size of data"
assert_equal 33554432 "$(blockdev --getsize64 "$wal")" "size of wal"
assert_equal 512 "$(blockdev --getss "$data")" "logical block size"
assert_equal "write back" "$(cat "/sys/block/${data#/dev/}/queue/write_cache")" "write cache"
assert_equal 1 "$(cat "/sys/block/${data#/dev/}/queue/fua")" "FUA"
[[ $(cat "/sys/block/${data#/dev/}/queue/discard_max_bytes") -gt 0 ]] || fail "no discard"
lsblk -e 43,7 -o NAME,SIZE,LOG-SEC,PHY-SEC,DISC-GRAN

echo "--- what is written is read"
dd if=/dev/urandom of=written bs=1M count=32 2>/dev/null
dd if=written of="$wal" bs=1M oflag=direct 2>/dev/null
dd if="$wal" of=back bs=64k iflag=direct 2>/dev/null
cmp written back
dd if=written of="$wal" bs=512 count=77 seek=1001 oflag=direct conv=notrunc,fsync 2>/dev/null
dd if="$wal" of=small bs=512 count=77 skip=1001 iflag=direct 2>/dev/null
head -c $((77 * 512)) written | cmp small -
dd if=/dev/zero of=zeroes bs=1M count=2 2>/dev/null
blkdiscard --offset 1M --length 2M "$wal"
blkdiscard --zeroout --offset 5M --length 1M "$wal"
dd if="$wal" of=back bs=1M iflag=direct 2>/dev/null
dd if=back bs=1M skip=1 count=2 2>/dev/null | cmp - zeroes
dd if=back bs=1M skip=5 count=1 2>/dev/null | cmp -n 1048576 - zeroes
dd if=back bs=1M skip=8 2>/dev/null >back.rest
dd if=written bs=1M skip=8 2>/dev/null | cmp - back.rest

echo "--- a file system, a writer that waits for the disk, and kill -9 in the middle"
mke2fs -q -t ext4 "$data"
mount "$data" /mnt
assert_mounted "$data" /mnt
write_on() { # a file a time, each durable before the next; stops when /mnt/stop is there
  local i=0
  while [[ ! -e stop ]]; do
    i=$((i + 1))
    dd if=written of=/mnt/f$((i % 20)) bs=128k count=8 skip=$((i % 100)) conv=fsync 2>>writer.err ||
      { echo "file $i: no" >>writer.failed; return 1; }
    echo $i >count.new && mv count.new writer.count
  done
}
write_on &
writer=$!
until_true 300 test -s writer.count
for round in 1 2; do
  before=$(<writer.count)
  kill -9 "$(<home/dmctld.pid)"
  sleep 1
  up
  until_true 300 said home 'device data: .* is taken over from process' $round
  [[ -d /proc/$writer ]] || fail "the writer has ended"
  until_true 300 eval '[[ $(<writer.count) -gt '"$((before + 3))"' ]]'
done
assert_equal "$data" "$(ublk_of home data)" "the device after two kills"
touch stop
wait "$writer" || fail "the writer met an error: $(cat writer.err)"
writer=
[[ ! -e writer.failed ]] || fail "$(cat writer.failed)"
count=$(<writer.count)
echo "$count files written"
sync
echo 3 >/proc/sys/vm/drop_caches
for i in $(seq $((count > 19 ? count - 19 : 1)) "$count"); do
  dd if=written bs=128k count=8 skip=$((i % 100)) 2>/dev/null | cmp - /mnt/f$((i % 20))
done

echo "--- in use: down refuses, and keeps it if told to"
refused dmctl down >down.txt
grep -q "in use: data ($data, mounted on /mnt)" down.txt || fail "down does not say who uses what: $(cat down.txt)"
dd if=written of=/mnt/still bs=1M count=1 conv=fsync 2>/dev/null
dmctl down --keep-devices
[[ ! -e $wal ]] || fail "$wal is not in use and is still there"
(dd if=written of=/mnt/late bs=1M count=4 conv=fsync 2>/dev/null && touch late.done) &
writer=$!
sleep 2
[[ ! -e late.done ]] || fail "a write ended without a daemon"
up
until_true 300 test -e late.done
wait "$writer"
writer=
dd if=written bs=1M count=4 2>/dev/null | cmp - /mnt/late

echo "--- clean"
umount /mnt
e2fsck -fn "$data"
dmctl wait applied vault --timeout 5m
dmctl down
[[ ! -e $data && ! -e /dev/ublkc0 ]] || fail "a device is left: $(ls /dev/ublk*)"
cmp home/data.img vault/data.img
cmp home/wal.img vault/wal.img
e2fsck -fn vault/data.img

echo "--- without privilege, and with io_uring forbidden: a line each, and the sockets work"
unshare --user --map-root-user dmctl up --detach --timeout 10m
until_true 300 said home 'ublk: .*no right to make block devices; next: run dmctld as root'
[[ -S home/nbd.sock ]] || fail "no NBD socket"
dmctl down
echo 2 >/proc/sys/kernel/io_uring_disabled
up
until_true 300 said home 'ublk: ublk needs io_uring, which this process may not use.*kernel.io_uring_disabled=0'
dmctl status | tee status.txt
grep -q 'disks by threads' status.txt || fail "status does not say how files are read"
[[ -S home/nbd.sock ]] || fail "no NBD socket"
dmctl down
echo 0 >/proc/sys/kernel/io_uring_disabled
trap - EXIT
