# For tests of a mounted file system: . /test/writer.sh
# A writer on mnt, of which every file is durable before the next one is begun.

dd if=/dev/urandom of=pattern bs=64k count=64 2>/dev/null
echo 0 >progress

file_system() { # DEVICE: a new one, at mnt
  mke2fs -q -t ext4 "$1"
  mount "$1" mnt
  assert_mounted "$1" "$PWD/mnt"
}

# Till there is a file stop. What fails stands in errors.
write_on() {
  local n
  n=$(written)
  while [[ ! -e stop ]]; do
    n=$((n + 1))
    write_file $n 2>>dd.log || echo "write $n" >>errors
    echo $n >progress.new
    mv progress.new progress
  done
}

write_file() { # N
  dd if=pattern of="mnt/file$(($1 % 8))" bs=64k count=$(($1 % 16 + 1)) conv=fsync
}

written() { cat progress; }

goes_on() { # FROM: at least two writes have ended since
  [[ $(written) -ge $(($1 + 2)) ]]
}

# Has the writer end, and looks at what it has met and written.
end_writer() { # PROCESS
  touch stop
  wait "$1"
  [[ ! -e errors ]] || fail "errors reached the writer: $(cat errors dd.log)"
  whole_files mnt
}

whole_files() { # FOLDER
  local file
  for file in "$1"/file*; do
    cmp -n "$(stat -c %s "$file")" pattern "$file"
  done
}

same_files() { # IMAGE SUMS: the file system in it has the files of which these are the sums
  local loop
  loop=$(losetup -f --show -r "$1")
  mount -o ro "$loop" mnt
  assert_mounted "$loop" "$PWD/mnt"
  (cd mnt && md5sum -c ../"$2")
  umount mnt
  losetup -d "$loop"
}
