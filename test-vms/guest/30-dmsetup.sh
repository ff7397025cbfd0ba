#!/bin/bash
# timeout: 900
# dmctl dmsetup against the kernel and against dmsetup itself: the same devices, the same lines.
. /test/lib.sh

truncate -s 64M a.img b.img
sda=$(losetup -f --show a.img)
sdb=$(losetup -f --show b.img)
tidy() {
  # In their order on each other, twice for what was in use.
  for name in $(dmsetup ls | cut -f 1) $(dmsetup ls | cut -f 1); do
    dmsetup remove --retry "$name" 2>/dev/null || true
  done
  losetup -d "$sda" "$sdb" 2>/dev/null || true
}
trap tidy EXIT

. /test/dmsetup.sh

count=0
same() { # the same command line to both: the same lines, complaints and exit code
  local code=0 theirs=0
  ours "$@" || code=$?
  dmsetup "$@" >theirs.out 2>theirs.err </dev/null || theirs=$?
  cmp theirs.out ours.out || { diff theirs.out ours.out || true; diff theirs.err ours.err || true; fail "dmsetup $*: other output"; }
  cmp theirs.err ours.err || { diff theirs.err ours.err || true; fail "dmsetup $*: other complaints"; }
  assert_equal "$theirs" "$code" "exit code of dmsetup $*"
  count=$((count + 1))
}

echo "--- nothing there"
for verb in ls "ls --tree" info "info -c" table status deps targets version; do
  # shellcheck disable=SC2086
  same $verb
done
for verb in "info x" "table x" "status x" "deps x" "remove x" "suspend x" "resume x" "clear x" "rename x y" \
  "message x 0 y" "wait x" "info -u none" "info -j 253 -m 99" "create" "load" "suspend" "wait" "message x y z"; do
  # shellcheck disable=SC2086
  same $verb
done

echo "--- the examples of 2008: linear and striped, zero and error, mirror"
must create first -u TEST-first --table "0 1024 linear $sda 40
1024 2048 striped 2 64 $sda 1064 $sdb 0"
must create second --table "0 1024 zero
1024 1000 error"
# Legs as large as the example's: what is written to them is dropped.
must create leg1 --table "0 83886144 zero"
must create leg2 --table "0 83886144 zero"
must create third -u TEST-third --table "0 83886080 mirror core 2 1024 nosync 2 /dev/mapper/leg1 64 /dev/mapper/leg2 64"
must create delayed --table "0 2048 delay $sda 0 0"
must create flaky --table "0 2048 flakey $sda 2048 60 0"
must create readonly -r --table "0 8 linear $sda 0"
must create none -n -u TEST-none
major=$(sed -n 's/ device-mapper$//p' /proc/devices | tr -d ' ')
must create numbered -j "$major" -m 77 --table "0 8 zero"
assert_equal "$major:77" "$(number_of /dev/mapper/numbered)" "number of numbered"
must create owned -U 0 -G 6 -M 0660 --table "0 8 zero"

a=$(number_of "$sda")
b=$(number_of "$sdb")
assert_equal "0 1024 linear $a 40
1024 2048 striped 2 64 $a 1064 $b 0" "$(dmsetup table first)" "table of first, as dmsetup says it"
assert_equal "0 83886080 mirror" "$(dmsetup table third | cut -d ' ' -f 1-3)" "table of third"
assert_equal $((3072 * 512)) "$(blockdev --getsize64 /dev/mapper/first)" "size of first"
assert_equal 42949672960 "$(blockdev --getsize64 /dev/mapper/third)" "size of third"
assert_equal 1 "$(blockdev --getro /dev/mapper/readonly)" "readonly"
assert_equal "660 0 6" "$(stat -L -c '%a %u %g' /dev/mapper/owned)" "node of owned"
number=$(number_of /dev/mapper/first)
assert_equal "first 1.5M" "$(lsblk -dno NAME,SIZE /dev/mapper/first | tr -s ' ')" "what lsblk sees"
assert_equal "first TEST-first" "$(cat "/sys/dev/block/$number/dm/name" "/sys/dev/block/$number/dm/uuid" | xargs)" "what sysfs says"
lsblk -sno NAME /dev/mapper/first | grep -q "$(basename "$sdb")" || fail "lsblk does not see what first lies on"
lsblk -o NAME,TYPE,SIZE

echo "--- every view of them"
for verb in ls "ls --tree" "ls --tree -o ascii" "ls --tree -o inverted" "ls --tree -o compact" "ls --tree -o nodevice" \
  "ls --tree -o active,rw,open,uuid" "ls --tree -o vt100,blkdevname" "ls -o blkdevname" "ls -o devname" \
  "ls --target zero" "ls --target mirror" info "info -c" "info first" "info -c first third" "info -u TEST-first" \
  "info -j $major -m 77" "info --noopencount none" "info -c --noheadings" "info -c -o name,uuid,open" \
  "info -c --noheadings --separator ; -o name,attr,tables_loaded,suspended,readonly,devno,major,minor,segments,events" \
  "info -C -O -minor" "info -c -o +devnos_used,device_count,blkdevs_used,blkdevname,read_ahead" \
  "info -c --nameprefixes" "info -c --nameprefixes --unquoted --noheadings -o name" \
  table "table first" "table second third" "table --target zero" "table --target zero second" "table --concise" \
  "table -v first" "status" "status first" "status --noflush third" "status -u TEST-third" "status --target error" \
  deps "deps first" "deps third first" "deps -o blkdevname" "deps -o devname third" "deps -v third" \
  targets version "table nothere" "info first nothere second"; do
  # shellcheck disable=SC2086
  same $verb
done

echo "--- reload, suspend, resume, clear, rename, message, wait"
same message second 0 nonsense
if ours message third 0; then fail "sent an empty message"; fi
grep -qx "No message supplied." ours.err || fail "of an empty message is said: $(cat ours.err)"
must load second --table "0 2048 error"
same info second
same table --inactive second
must clear second
same info second
must reload second --table "0 512 zero"
must suspend second
same info -c second
must resume second
assert_equal "0 512 zero " "$(dmsetup table second)" "table of second after resume"
must rename second 2nd
must rename 2nd --setuuid TEST-second
same info -c 2nd
[[ -b /dev/mapper/2nd && ! -e /dev/mapper/second ]] || fail "nodes after rename: $(ls /dev/mapper)"
same rename 2nd first
same create first --table "0 8 zero"
same create bad --table "0 8 nosuchtarget"
same create bad --table "0 8 linear $sda"
same create bad --table "8 zero"
same create bad /no/such/file
[[ ! -e /dev/mapper/bad ]] || fail "a device that could not be made is there"

echo "--- a device in use"
exec 9</dev/mapper/first
same remove first
same info -c first
must remove --deferred first
same info first
exec 9<&-
until_true 5 test ! -e "/sys/dev/block/$number/dm"
dmsetup mknodes
exec 9</dev/mapper/third
if ours remove --retry third; then fail "removed a device in use"; fi
exec 9<&-
must remove third
must remove -f leg1
must remove leg2 delayed flaky readonly none numbered owned 2nd
same ls
assert_equal control "$(ls /dev/mapper)" "what is left of /dev/mapper"

echo "--- the launcher: from standard input and a file"
printf '# comment\n0 8 zero\n' | dmctl dmsetup create piped
printf '0 8 error\n' >table
dmctl dmsetup create filed table
assert_equal "filed: 0 8 error 
piped: 0 8 zero " "$(dmctl dmsetup table)" "tables"
dmctl dmsetup remove piped filed

echo "--- without privilege, without the library, without the driver: a line each"
missing() { # LINE COMMAND...
  local line=$1 said
  shift
  said=$("$@" 2>&1) && fail "succeeded: $*"
  assert_equal "dmctl dmsetup: $line" "$said" "what is said"
}
missing "no privilege to use device-mapper (CAP_SYS_ADMIN); run this as root" \
  unshare --setgid 65534 --setuid 65534 dmctl dmsetup ls
library=$(echo /usr/lib/*/libdevmapper.so.1.02.1)
missing "libdevmapper.so.1.02.1 cannot be loaded; install it with: apt install libdevmapper1.02.1" \
  unshare --mount sh -c "mount --bind /dev/null $library && exec dmctl dmsetup ls"
modules=$(grep '^dm_' /lib/modules/at-start)
for module in $(tac <<<"$modules"); do rmmod "$module"; done
missing "this kernel has no device-mapper; load it with: modprobe dm-mod" dmctl dmsetup ls
for module in $modules; do modprobe "$module"; done

echo "$count command lines gave what dmsetup gives"
