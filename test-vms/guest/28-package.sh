#!/bin/bash
# timeout: 1800
# packs: package
# alone: yes
# The Debian package installed, its service's script run with a device of the kernel under a file system, removed.
. /test/lib.sh

# Not the project as ./dmctl runs it, nor the runtime of the other tests.
rm -r /opt/dmctl /usr/bin/dmctl /usr/bin/java
umask 022

dpkg -i /dmctl.deb
rm /dmctl.deb
assert_equal "install ok installed" "$(dpkg-query -W -f '${Status}' dmctl)" "state of the package"
assert_equal "" "$(dpkg --verify dmctl)" "what dpkg says of its files"
dmctl --version

cat >/etc/dmctl/guest.yaml <<'Y'
group: guest
front-end: kernel-nbd
devices:
  - {name: data, size: 32MiB}
sites:
  - name: home
    listen: 127.0.0.1:7701
    log: {path: home/replog, size: 16MiB}
    devices: {data: home/data.img}
Y
mkdir mnt
state=/var/lib/dmctl/guest/home
daemon=
tidy() {
  [[ ! -e said ]] || cat said
  umount mnt 2>/dev/null || true
  [[ -z $daemon ]] || kill $daemon 2>/dev/null || true
}
trap tidy EXIT
export DMCTL_SITE=home
/usr/lib/dmctl/dmctld guest --create 2>said &
daemon=$!

until_true 600 nbd_connected $state 0
device=$(nbd_of $state 0)
mke2fs -q -t ext4 "$device"
mount "$device" mnt
assert_mounted "$device" "$PWD/mnt"
seq 100000 >mnt/file
sync
umount mnt
dmctl status
dmctl down # a stop by a signal would leave the device to the next daemon
wait $daemon
daemon=
e2fsck -fn $state/data.img
dmctl replog check $state/replog

dpkg -r dmctl
for place in /usr/bin/dmctl /usr/lib/dmctl /usr/lib/systemd/system/dmctl@.service /usr/share/doc/dmctl; do
  [[ ! -e $place ]] || fail "$place is left"
done
dpkg -P dmctl
[[ -s $state/data.img && -s /etc/dmctl/guest.yaml ]] || fail "a group's data is gone"
refused dpkg-query -W dmctl
