# A group by its tables: replicator and replicator-dev through dmctl dmsetup, file systems on both devices, fio with
# verification on them, the daemon killed in the middle; then the copies are compared, and a target takes over.
# For the tests of each front end: BELOW=REGEX of its devices, then . /test/replicator.sh

truncate -s 32M log.img
truncate -s 64M data.img vault-data.img
truncate -s 32M wal.img vault-wal.img
log=$(losetup -f --show log.img)
data=$(losetup -f --show data.img)
wal=$(losetup -f --show wal.img)
vdata=$(losetup -f --show vault-data.img)
vwal=$(losetup -f --show vault-wal.img)
messages=/var/lib/dmctl/erp/local/dmctld.log
far=$PWD/far.yaml
mkdir -p files/data files/wal far

tidy() {
  umount files/data files/wal 2>/dev/null || true
  dmctl down /etc/dmctl/erp.yaml >/dev/null 2>&1 || true
  dmctl down "$far" >/dev/null 2>&1 || true
  dmsetup remove_all 2>/dev/null || true
  losetup -d "$log" "$data" "$wal" "$vdata" "$vwal" 2>/dev/null || true
  for file in "$messages" site2/dmctld.log; do
    [[ ! -e $file ]] || { echo "--- $file"; tail -n 40 "$file"; }
  done
}
trap tidy EXIT

answer_seconds=900
. /test/dmsetup.sh

control="0 8 replicator ringbuffer 4 $log 0 auto 65536 blockdev 1 0 blockdev 2 1 sync tcp 3 2 127.0.0.1:7702 async"
table() { # NAME NR LENGTH LOCAL VAULT
  echo "0 $3 replicator-dev /dev/mapper/erp $2 0 1 $4 nolog 0 1 1 $5 core 1 2048 2 1 $PWD/far/$1.img core 1 2048"
}
data_table=$(table data 0 131072 "$data" "$vdata")
wal_table=$(table wal 1 65536 "$wal" "$vwal")

echo "--- the tables of a group"
must create erp --table "$control"
must create erp-data --table "$data_table"
must create erp-wal -u MY-OWN-UUID --table "$wal_table"
cat /etc/dmctl/erp.yaml

echo "--- what dmsetup and lsblk see"
assert_equal "0 8 zero " "$(dmsetup table erp)" "the control device at the kernel"
[[ $(dmsetup info -c --noheadings -o uuid erp) =~ ^DMCTL-[0-9a-f]{32}-control$ ]] || fail "UUID of erp"
[[ $(dmsetup info -c --noheadings -o uuid erp-data) =~ ^DMCTL-[0-9a-f]{32}-0-0$ ]] || fail "UUID of erp-data"
assert_equal MY-OWN-UUID "$(dmsetup info -c --noheadings -o uuid erp-wal)" "UUID of erp-wal"
assert_equal "64M 32M" "$(lsblk -dno SIZE /dev/mapper/erp-data /dev/mapper/erp-wal | xargs)" "sizes"
below=$(dmsetup deps -o devname erp-data)
grep -Eq "1 dependencies.*\($BELOW\)" <<<"$below" || fail "deps of erp-data: $below"
lsblk -sno NAME /dev/mapper/erp-data | grep -Eq "$BELOW" || fail "lsblk: $(lsblk -s /dev/mapper/erp-data)"
number=$(number_of /dev/mapper/erp)
must table erp
assert_equal "0 8 replicator ringbuffer 4 $(number_of "$log") 0 auto 65536 blockdev 2 0 asynchronous blockdev 2 1 synchronous tcp 3 2 127.0.0.1:7702 asynchronous " \
  "$(cat ours.out)" "table of erp"
must table erp-data
assert_equal "0 131072 replicator-dev $number 0 0 1 $(number_of "$data") nolog 0 1 1 $(number_of "$vdata") core 1 2048 2 1 $PWD/far/data.img core 1 2048 " \
  "$(cat ours.out)" "table of erp-data"
says "Device or resource busy" create erp-data --table "$data_table"
says "Destruction of replication log with devices rejected" remove erp

echo "--- a target, by the file that the tables have made"
sed "s|^  - name: site2\$|&\n    front-end: $(sed -n 's/^    front-end: //p' /etc/dmctl/erp.yaml)\n    mapper: {data: far-data, wal: far-wal}|; s|path: site2/replog|&, size: 32MiB|" \
  /etc/dmctl/erp.yaml >"$far"
# As the daemon here runs: that takes no JVM to tell.
mapfile -d '' -t command <"/proc/$(cat /var/lib/dmctl/erp/local/dmctld.pid)/cmdline"
command=("${command[@]/%\/etc\/dmctl\/erp.yaml/$far}")
command[-1]=site2
mkdir -p site2
setsid "${command[@]}" --create >>site2/dmctld.log 2>&1 </dev/null &
in_sync() { ours status && grep -q "^erp-data: 0 131072 replicator-dev [0-9:]* 0 A,- A,64/64 A,64/64 $" ours.out; }
caught_up() { ours status && grep -Eq "^erp: 0 8 replicator  A,[0-9]+,[0-9]+ A,0,0 A,0,0 [0-9]+/[0-9]+/[0-9]+ $" ours.out; }
until_true 600 in_sync
until_true 600 caught_up
cat ours.out

echo "--- file systems, fio, and kill -9 in the middle"
for each in data wal; do
  mke2fs -q -t ext4 "/dev/mapper/erp-$each"
  mount "/dev/mapper/erp-$each" "files/$each"
  assert_mounted "/dev/mapper/erp-$each" "$PWD/files/$each"
done
says "Device or resource busy" remove erp-data
grep -q . "/var/lib/dmctl/erp/local/dmctld.pid" || fail "the daemon has ended"
for each in data wal; do
  fio --name=$each --filename="files/$each/file" --size=4m --bs=4k --rw=randwrite --fsync=8 --ioengine=psync \
    --rate_iops=30 --verify=crc32c --verify_fatal=1 --do_verify=1 --output=fio-$each.log &
  echo $! >fio-$each.pid
done
sectors() { awk '{print $7}' "/sys/dev/block/$(number_of /dev/mapper/erp-data)/stat"; }
goes_on() { [[ $(sectors) -gt $(($1 + 64)) ]]; }
at=$(sectors)
until_true 300 goes_on "$at"
daemon=$(cat /var/lib/dmctl/erp/local/dmctld.pid)
kill -KILL "$daemon"
until_true 60 test ! -e "/proc/$daemon"
kill -0 "$(cat fio-data.pid)" || fail "fio has ended before the kill"
at=$(sectors)
echo "killed at sector count $at"
must resume erp-wal
until_true 300 goes_on "$at"
echo "goes on at sector count $(sectors)"
for each in data wal; do
  wait "$(cat fio-$each.pid)" || fail "fio: $(cat fio-$each.log)"
  grep -E 'err=|WRITE|READ' fio-$each.log
  grep -q 'err= 0' fio-$each.log || fail "fio: $(cat fio-$each.log)"
done
for each in data wal; do (cd files/$each && md5sum file) >$each.sum; done

echo "--- messages and another limit while it is mounted"
must message erp 0 slink message 2 fallbehind ios=5000
must table erp
grep -q "tcp 5 2 127.0.0.1:7702 asynchronous ios 5000 $" ours.out || fail "table: $(cat ours.out)"

echo "--- the copies"
umount files/data files/wal
e2fsck -fn /dev/mapper/erp-data
e2fsck -fn /dev/mapper/erp-wal
until_true 300 caught_up
must remove erp-data erp-wal erp
[[ ! -e /var/lib/dmctl/erp/local/admin.sock ]] || fail "the daemon goes on without devices"
assert_equal control "$(ls /dev/mapper)" "what is left of /dev/mapper"
cmp "$data" "$vdata"
cmp "$wal" "$vwal"
until_true 120 cmp "$data" far/data.img
until_true 120 cmp "$wal" far/wal.img

echo "--- the same devices again, by the launcher, and the site is lost"
dmctl dmsetup create erp --table "$control"
must create erp-wal --table "$wal_table"
must create erp-data --table "$data_table"
mount /dev/mapper/erp-data files/data
mount /dev/mapper/erp-wal files/wal
for each in data wal; do
  (cd files/$each && md5sum -c ../../$each.sum && cp file more && sync -f . && md5sum file more) >$each.out
  grep -E ' (file|more)$' $each.out >$each.sum
done
umount files/data files/wal
until_true 300 caught_up
kill -KILL "$(cat /var/lib/dmctl/erp/local/dmctld.pid)"
dmctl takeover -f "$far" site2 --yes
until_true 300 test -b /dev/mapper/far-data
until_true 300 test -b /dev/mapper/far-wal
mkdir -p far/files
for each in data wal; do
  e2fsck -fn "/dev/mapper/far-$each"
  mount "/dev/mapper/far-$each" far/files
  assert_mounted "/dev/mapper/far-$each" "$PWD/far/files"
  (cd far/files && md5sum -c "../../$each.sum")
  umount far/files
  e2fsck -fn "/dev/mapper/far-$each"
done

echo "--- the old primary is not served any more, and says so"
says "is not served here" resume erp-data
until_true 60 test ! -b /dev/mapper/erp-data
must remove erp-data erp-wal erp
kill -TERM "$(cat site2/dmctld.pid)"
until_true 120 test ! -e site2/admin.sock
assert_equal control "$(ls /dev/mapper)" "what is left of /dev/mapper"
trap - EXIT
exec {lines[1]}>&-
losetup -d "$log" "$data" "$wal" "$vdata" "$vwal"
