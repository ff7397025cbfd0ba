# For the commands that test-vms/lab gives to a site; what is done there more than once.
site=$0
export DMCTL_CONFIG=/site/group.yaml

# The site's disk keeps log, devices and state folder. A file system is made on it at the first boot.
mount_disk() {
  mkdir -p /site /mnt/data /mnt/wal
  blkid /dev/vda >/dev/null || mke2fs -q -t ext4 /dev/vda
  mount /dev/vda /site
  assert_mounted /dev/vda /site
  [[ -e $DMCTL_CONFIG ]] || cp /test/lab.yaml $DMCTL_CONFIG
}

path_of() { # DEV_NR
  nbd_connected "/site/$site" "$1" && nbd_of "/site/$site" "$1"
}

await_devices() { # the lab has a limit on each command
  until data=$(path_of 0) && wal=$(path_of 1); do sleep 0.2; done
  assert_equal 33554432 "$(blockdev --getsize64 "$data")" "size of $data"
  assert_equal 16777216 "$(blockdev --getsize64 "$wal")" "size of $wal"
}

mount_devices() {
  mount "$data" /mnt/data
  mount "$wal" /mnt/wal
  assert_mounted "$data" /mnt/data
  assert_mounted "$wal" /mnt/wal
}

content() { seq $(($1 * 7)) $(($1 * 7 + 100 + $1 % 900)); } # of file N

write_files() { # FROM TO: each is durable on wal before it is begun on data
  local n
  for ((n = $1; n <= $2; n++)); do
    content "$n" | dd of="/mnt/wal/$n" conv=fsync 2>/dev/null
    content "$n" | dd of="/mnt/data/$n" conv=fsync 2>/dev/null
    echo "$n" >/run/progress.new
    mv /run/progress.new /run/progress
  done
}

check_files() { # LAST: all up to it are whole; of later ones none is on data that is not on wal
  local n file
  for ((n = 1; n <= $1; n++)); do
    content "$n" | cmp - "/mnt/wal/$n"
    content "$n" | cmp - "/mnt/data/$n"
  done
  for file in /mnt/data/[0-9]*; do
    n=${file##*/}
    [[ $n -le $1 ]] || content "$n" | cmp - "/mnt/wal/$n"
  done
}
