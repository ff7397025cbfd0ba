#!/bin/bash
# timeout: 2400
# alone: yes
# kernel-log: blocked for more than
# The log of a group of tables: its counts in status, another size under a mounted file system with a writer, the daemon
# killed after that; and lines of 2008, which are one group when they name one log.
. /test/lib.sh

truncate -s 64M log.img second.img
truncate -s 48M data.img vault.img
log=$(losetup -f --show log.img)
second=$(losetup -f --show second.img)
data=$(losetup -f --show data.img)
vault=$(losetup -f --show vault.img)
state=/var/lib/dmctl/erp/local
mkdir -p mnt
tidy() {
  touch stop
  umount mnt 2>/dev/null || true
  dmctl down /etc/dmctl/erp.yaml >/dev/null 2>&1 || true
  dmctl down /etc/dmctl/files.yaml >/dev/null 2>&1 || true
  dmsetup remove_all 2>/dev/null || true
  losetup -d "$log" "$second" "$data" "$vault" 2>/dev/null || true
  for file in "$state/dmctld.log" /var/lib/dmctl/files/local/dmctld.log; do
    [[ ! -e $file ]] || { echo "--- $file"; tail -n 40 "$file"; }
  done
}
trap tidy EXIT

answer_seconds=900
. /test/dmsetup.sh
. /test/writer.sh
field() { # COPY OFFSET: of a superblock
  od -An -t u8 -j $(($1 * 4096 + $2)) -N 8 "$log" | tr -d ' '
}
log_bytes() { # by the superblock that counts
  if [[ $(field 0 16) -gt $(field 1 16) ]]; then field 0 72; else field 1 72; fi
}

echo "--- counts in status"
must create erp --table "0 8 replicator ringbuffer 4 $log 0 auto 65536 blockdev 1 0 blockdev 2 1 async"
must create erp-data --table "0 98304 replicator-dev /dev/mapper/erp 0 0 1 $data nolog 0 1 1 $vault core 1 2048"
file_system /dev/mapper/erp-data
must message erp 0 statistics on
must message erp 0 replog statistics on
must status erp
cat ours.out
grep -Eq '^0 8 replicator v=[^ ]+ r=[1-9][0-9]* w=[1-9][0-9]* rs=[1-9][0-9]* ws=[1-9][0-9]* nc=[1-9][0-9]* c=[0-9]+  A,' ours.out ||
  fail "counts: $(cat ours.out)"
grep -Eq ' ring->start=[1-9][0-9]* ring->head=[1-9][0-9]* ring->tail=[1-9][0-9]* ring->next_avail=[1-9][0-9]* ring->end=65536 ring_free=[1-9][0-9]* wrap=[0-9]+ r=[0-9]+ w=[1-9][0-9]* wp=- he=[0-9]+ hash_insert=[1-9][0-9]* .* stall=[0-9]+ $' ours.out ||
  fail "counts of the log: $(cat ours.out)"
must message erp 0 statistics reset
dd if=pattern of=mnt/once bs=64k count=1 conv=fsync 2>/dev/null
must status erp
writes=$(sed -n 's/.* ws=\([0-9]*\) nc=.*/\1/p' ours.out)
[[ $writes -ge 1 && $writes -le 200 ]] || fail "after the reset: $(cat ours.out)"
must message erp 0 statistics off
must message erp 0 replog statistics off
must status erp
grep -Eq '^0 8 replicator  A,[0-9]+,[0-9]+ A,[0-9]+,[0-9]+ [0-9]+/[0-9]+/[0-9]+ $' ours.out || fail "without counts: $(cat ours.out)"

echo "--- what is refused leaves everything as it is"
daemon=$(cat $state/dmctld.pid)
says "has room for a log of 131072 sectors, not of 131080" message erp 0 replog resize 131080
says "Invalid log size requested." message erp 0 replog resize 4088
says "Invalid argument." message erp 0 replog grow 65536
assert_equal "$daemon" "$(cat $state/dmctld.pid)" "the daemon"

echo "--- larger and smaller, under a mounted file system and a writer"
write_on &
writer=$!
resize() { # SECTORS
  local at
  at=$(written)
  until_true 300 goes_on "$at"
  must message erp 0 replog resize "$1"
  assert_mounted /dev/mapper/erp-data "$PWD/mnt"
  at=$(written)
  until_true 300 goes_on "$at"
  must table erp
  grep -q " auto $1 " ours.out || fail "table: $(cat ours.out)"
  echo "$1 sectors, $(written) writes"
}
resize 131072
resize 16384

echo "--- kill -9 after that"
daemon=$(cat $state/dmctld.pid)
kill -KILL "$daemon"
until_true 60 test ! -e "/proc/$daemon"
must resume erp-data
at=$(written)
until_true 300 goes_on "$at"
end_writer $writer
assert_equal $((16384 * 512)) "$(log_bytes)" "bytes of the log"
(cd mnt && md5sum file*) >sums
umount mnt
e2fsck -fn /dev/mapper/erp-data
must remove erp-data erp
cmp "$data" "$vault"
same_files data.img sums

echo "--- lines of 2008"
truncate -s 16M waves.img vault-waves.img
line() { # LENGTH LOCAL VAULT
  echo "0 $1 replicator replog 4 $second 0 auto 65536 local 2 0 async 1 $2 nolog 0 local 2 1 async 1 $3 core 1 2048"
}
must create files --table "$(line 98304 "$data" "$vault")"
must create waves --table "$(line 32768 "$PWD/waves.img" "$PWD/vault-waves.img")"
assert_equal "48M 16M" "$(lsblk -dno SIZE /dev/mapper/files /dev/mapper/waves | xargs)" "sizes"
[[ $(dmsetup ls | wc -l) -ge 2 && ! -e /etc/dmctl/waves.yaml ]] || fail "one log, and not one group"
must table waves
grep -q "^0 32768 replicator replog 4 [0-9:]* 0 auto 65536 local 2 0 asynchronous 1 $PWD/waves.img nolog 0 local 2 1 asynchronous 1 $PWD/vault-waves.img core 1 2048 $" ours.out ||
  fail "table: $(cat ours.out)"
in_sync() { ours status waves && grep -Eq '^0 32768 replicator  A,0,0 A,0,0 0/[0-9]+/[0-9]+ 1 A,- A,16/16 $' ours.out; }
until_true 300 in_sync
mount /dev/mapper/files mnt
assert_mounted /dev/mapper/files "$PWD/mnt"
(cd mnt && md5sum -c ../sums)
dd if=pattern of=/dev/mapper/waves bs=64k count=64 conv=fsync 2>/dev/null
must message waves 0 replog resize 32768
must table files
grep -q " auto 32768 " ours.out || fail "table: $(cat ours.out)"
(cd mnt && md5sum -c ../sums)
umount mnt
says "Device or resource busy" create waves --table "$(line 32768 "$PWD/waves.img" "$PWD/vault-waves.img")"
must remove waves files
cmp -n 4194304 pattern waves.img
cmp waves.img vault-waves.img
assert_equal control "$(ls /dev/mapper)" "what is left of /dev/mapper"
trap - EXIT
exec {lines[1]}>&-
losetup -d "$log" "$second" "$data" "$vault"
