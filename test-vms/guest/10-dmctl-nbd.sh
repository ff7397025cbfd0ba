#!/bin/bash
# timeout: 240
# packs: nbd
# A group of three sites brought up by dmctl, written through its NBD socket; the copies are equal.
. /test/lib.sh

home_and_vault 32MiB 16MiB
tidy() { dmctl down >/dev/null 2>&1 || true; }
trap tidy EXIT

dmctl up --detach
uri='nbd+unix:///data?socket=home/nbd.sock'
assert_equal 33554432 "$(nbdinfo --size "$uri")" "size of the export"
dd if=/dev/urandom of=written bs=1M count=8 2>/dev/null
truncate -s 32M written
nbdcopy --flush written "$uri"
qemu-io -f raw 'nbd+unix:///wal?socket=home/nbd.sock' -c 'write -P 0xab 1M 64k' -c flush
nbdcopy "$uri" back
cmp written back
dmctl wait applied vault
dmctl down
trap - EXIT
cmp written home/data.img
cmp home/data.img vault/data.img
cmp home/wal.img vault/wal.img
assert_equal 65536 "$(tr -cd '\253' <vault/wal.img | wc -c)" "bytes of the pattern in the copy"
replog stat home/replog
