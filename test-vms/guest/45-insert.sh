#!/bin/bash
# timeout: 3000
# alone: yes
# kernel-log: blocked for more than
# A group is put under a device-mapper device with a mounted, busy file system, its daemon is killed and started
# again, and it is taken out again: no error reaches the writer, nothing is lost, and the copy is what it should be.
. /test/lib.sh
. /test/writer.sh

group() { # LOG
  cat <<Y
group: guest
front-end: kernel-nbd
devices: [{name: data, size: 64MiB}]
sites:
  - name: home
    listen: 127.0.0.1:7701
    log: {path: $1, size: 32MiB}
    devices: {data: /dev/mapper/app-origin}
    mapper: {data: {insert: app}}
  - name: vault
    link: blockdev
    devices: {data: vault/data.img}
Y
}
mkdir mnt home
group home/replog >group.yaml
tidy() {
  touch stop
  umount mnt 2>/dev/null || true
  [[ ! -e home/dmctld.log ]] || tail -n 60 home/dmctld.log
  dmsetup table || true
  dmsetup info -c || true
}
trap tidy EXIT

write_file() { # N: the journal says in which order
  dd if=pattern of="mnt/file$(($1 % 8))" bs=64k count=$(($1 % 16 + 1)) conv=fsync &&
    echo "$1" >>mnt/journal &&
    dd if=/dev/null of=mnt/journal conv=notrunc,fsync
}
sound() { # FOLDER AT_LEAST: the files are those of a writer that has got so far
  whole_files "$1"
  seq "$(wc -l <"$1/journal")" | cmp - "$1/journal"
  [[ $(wc -l <"$1/journal") -ge $2 ]] || fail "$1: $(wc -l <"$1/journal") writes of $2"
}
held() { # DEVICE: suspended
  [[ $(dmsetup info -c --noheadings -o suspended "$1") == Suspended ]]
}

original="0 131072 linear $(number_of /dev/vda) 2048"
dmsetup create app --table "$original" -u LVM-app
file_system /dev/mapper/app
: >mnt/journal
write_on &
job=$!
until_true 120 goes_on 0

echo "--- refused: the device holds the log"
group mnt/replog >wrong.yaml
if timeout 900 dmctl insert -f wrong.yaml >refusal 2>&1; then fail "was not refused"; fi
grep -q '/dev/mapper/app holds the log, .*mnt/replog: that must not wait' refusal || fail "refusal: $(cat refusal)"
assert_equal "$original" "$(dmsetup table app)" "table after a refusal"

echo "--- in"
at=$(written)
timeout 900 dmctl insert -f group.yaml
goes_on "$at" || until_true 120 goes_on "$at"
nbd=$(nbd_of home 0)
assert_equal "0 131072 linear $(number_of "$nbd") 0" "$(dmsetup table app)" "table of app"
assert_equal "$original" "$(dmsetup table app-origin)" "table of app-origin"
assert_equal LVM-app "$(dmsetup info -c --noheadings -o uuid app)" "UUID of app"
if timeout 900 dmctl down -f group.yaml >refusal 2>&1; then fail "dmctl down was not refused"; fi
grep -q 'the group is under /dev/mapper/app; take it out' refusal || fail "refusal: $(cat refusal)"

echo "--- the copy is the device"
timeout 900 dmctl wait caught-up vault -f group.yaml --timeout 10m
at=$(written)
until_true 300 goes_on "$at"
end_writer $job
rm stop
umount mnt
timeout 900 dmctl wait applied vault -f group.yaml --timeout 10m
cmp /dev/mapper/app vault/data.img

echo "--- the daemon is killed"
mount /dev/mapper/app mnt
assert_mounted /dev/mapper/app "$PWD/mnt"
write_on &
job=$!
at=$(written)
until_true 300 goes_on "$at"
end_daemon KILL home
at=$(written)
timeout 900 dmctl up group.yaml --detach --timeout 10m || [[ $? -eq 4 ]]
until_true 900 goes_on "$at"
echo "goes on at write $(written)"

echo "--- out"
at=$(written)
timeout 900 dmctl eject -f group.yaml
assert_equal "$original" "$(dmsetup table app)" "table of app"
if held app; then fail "app is suspended"; fi
[[ ! -e /dev/mapper/app-origin ]] || fail "app-origin is left"
if nbd_connected home 0; then fail "$nbd is still connected"; fi
late=$(written)
goes_on "$late" || until_true 120 goes_on "$late"
end_writer $job
sound mnt "$(written)"
umount mnt
e2fsck -fn /dev/mapper/app
trap - EXIT

# The copy holds all that was written before the order, and some prefix of what came while it was followed.
e2fsck -fy vault/data.img || [[ $? -eq 1 ]]
loop=$(losetup -f --show vault/data.img)
mount "$loop" mnt
assert_mounted "$loop" "$PWD/mnt"
sound mnt "$at"
echo "of $(written) writes $at were before the eject, $(wc -l <mnt/journal) are at the copy"
umount mnt
losetup -d "$loop"
dmsetup remove app
