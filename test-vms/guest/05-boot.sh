#!/bin/bash
# timeout: 120
# The stock kernel is up with all that the other tests stand on.
. /test/lib.sh

kernel=$(uname -r)
echo "kernel $kernel"
[[ $kernel == 6.12.*-cloud-amd64 ]] || fail "not the kernel that these tests are for: $kernel"

for module in dm_mod ublk_drv nbd loop dm_mirror dm_zero dm_delay dm_flakey dm_log_writes; do
  [[ -d /sys/module/$module ]] || fail "module $module is not loaded"
done
for node in /dev/ublk-control /dev/mapper/control /dev/loop-control /dev/nbd0; do
  [[ -e $node ]] || fail "$node is missing"
done

dmsetup version | grep -q 'Driver version' || fail "dmsetup gets no answer from the kernel"
dmsetup targets | grep -q '^linear ' || fail "no target linear"
[[ $(readlink -f "$(command -v mke2fs)") == /usr/sbin/mke2fs ]] || fail "mke2fs is not the real one"

java -version 2>&1 | tee version
grep -q '"25' version || fail "not Java 25"
