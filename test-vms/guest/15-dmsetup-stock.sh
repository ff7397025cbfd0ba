#!/bin/bash
# timeout: 120
# Stock dmsetup, a linear table over a loop device, ext4 on it: device-mapper itself works here.
. /test/lib.sh

truncate -s 64M lower.img
loop=$(losetup -f --show lower.img)
tidy() {
  umount /mnt 2>/dev/null || true
  dmsetup remove --retry stock 2>/dev/null || true
  losetup -d "$loop" 2>/dev/null || true
}
trap tidy EXIT

dmsetup create stock --uuid TEST-stock --table "0 131072 linear $loop 0"
assert_equal "0 131072 linear $(number_of "$loop") 0" "$(dmsetup table stock)" "its table"
[[ -b /dev/mapper/stock ]] || fail "/dev/mapper/stock is missing"
assert_equal 67108864 "$(blockdev --getsize64 /dev/mapper/stock)" "its size"
lsblk -e 43 -o NAME,TYPE,SIZE,MOUNTPOINTS

mke2fs -q -t ext4 /dev/mapper/stock
mount /dev/mapper/stock /mnt
assert_mounted /dev/mapper/stock /mnt
dd if=/dev/urandom of=/mnt/file bs=1M count=8 conv=fsync 2>/dev/null
before=$(sha256sum </mnt/file)
refused dmsetup remove stock
umount /mnt
echo 3 >/proc/sys/vm/drop_caches
mount /dev/mapper/stock /mnt
assert_mounted /dev/mapper/stock /mnt
assert_equal "$before" "$(sha256sum </mnt/file)" "the file after a new mount"
umount /mnt
e2fsck -fn /dev/mapper/stock
dmsetup remove stock
losetup -d "$loop"
trap - EXIT
