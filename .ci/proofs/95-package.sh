#!/usr/bin/env bash
# The Debian package: built by one command, installed in a clean Debian root, run there by the service's script,
# removed and purged; units and Vagrantfile are looked at by their own programs.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
. .ci/proofs/lib.sh

[[ $EUID -eq 0 ]] || cannot "makes a root file system: needs root"
need debootstrap dpkg-deb ruby unshare
read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
  'Identifier: Packages' 'Label: Debian' 'Component: main' | grep -v -- '-updates$') ||
  cannot "apt has no sources of Debian"

work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"

# In a chroot the root is no mount whose propagation could be changed.
propagation=private
unshare --mount --propagation private true 2>/dev/null || propagation=unchanged

# Runs a script in the clean root; its mounts and processes end with it.
inside() {
  unshare --mount --pid --fork --kill-child --propagation "$propagation" chroot "$root" /bin/bash -euo pipefail -c \
    "export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
     mount -t proc proc /proc
     trap 'umount -l /proc' EXIT
     $1"
}

echo "- building the package"
deb=$(tools/package/build)
ls -l "$deb"

echo "- Vagrantfile: $(ruby -c Vagrantfile)"
machines=$(ruby -e '
  class Any
    def method_missing(name, *words, **named)
      @name = words[0] if name == :hostname=
      puts "#{@name} #{named[:ip]}" if name == :network
      yield Any.new if block_given?
      @any ||= self
    end
    def respond_to_missing?(*) = true
  end
  module Vagrant
    def self.configure(*) = yield(Any.new)
  end
  load "Vagrantfile"' | grep -c 192.168.56 || true)
[[ $machines -eq 3 ]] || fail "the Vagrantfile describes $machines machines, not 3"

echo "- a clean root: $suite from $mirror"
if ! debootstrap --variant=minbase --include=systemd "$suite" "$root" "$mirror" >"$work/log" 2>&1; then
  tail -n 3 "$work/log"
  cannot "debootstrap makes no root here"
fi
cp "$deb" "$root/dmctl.deb"
mkdir -p "$root/group"
one_site small >"$root/group/small.yaml"

echo "- installing it"
inside 'apt-get -q -y --no-install-recommends install /dmctl.deb' >"$work/log" 2>&1 || { cat "$work/log" && fail "apt"; }
inside '
  dmctl --version
  ! command -v java # it brings its own
  said=$(systemd-analyze verify --man=no dmctl@small.service dmctl@small.target 2>&1) && [[ -z $said ]] ||
    { echo "units: $said"; exit 1; }
  [[ $(dpkg --verify dmctl) == "" ]]
' || fail "what was installed"

echo "- running a site with the script of the service"
inside '
  export DMCTL_SITE=home
  status=0
  /usr/lib/dmctl/dmctld small 2>/tmp/said || status=$?
  [[ $status -eq 2 ]] && grep -q "small.yaml: file: no such file" /tmp/said || { cat /tmp/said; exit 1; }
  cp /group/small.yaml /etc/dmctl/
  status=0
  /usr/lib/dmctl/dmctld small 2>/tmp/said || status=$?
  [[ $status -eq 3 ]] && grep -q "does not exist; dmctl up makes it, or dmctld with --create" /tmp/said ||
    { cat /tmp/said; exit 1; }
  /usr/lib/dmctl/dmctld small --create 2>/tmp/said & daemon=$!
  dmctl wait serving home --timeout 60s || { cat /tmp/said; exit 1; }
  dmctl status | sed -n 2p
  kill -TERM $daemon
  wait $daemon
  dmctl replog check /var/lib/dmctl/small/home/replog | tail -n 1
' || fail "the service's script"

echo "- removing it"
inside 'apt-get -q -y remove dmctl && apt-get -q -y purge dmctl' >"$work/log" 2>&1 || { cat "$work/log" && fail "apt"; }
for place in usr/bin/dmctl usr/lib/dmctl usr/lib/systemd/system/dmctl@.service usr/share/doc/dmctl; do
  [[ ! -e $root/$place ]] || fail "/$place is left"
done
[[ -s $root/var/lib/dmctl/small/home/data.img && -s $root/etc/dmctl/small.yaml ]] || fail "a group's data is gone"
rm -r "$root/var/lib/dmctl/small" "$root/etc/dmctl/small.yaml"
inside 'apt-get -q -y install /dmctl.deb && apt-get -q -y purge dmctl' >"$work/log" 2>&1 || { cat "$work/log" && fail "apt"; }
[[ ! -e $root/etc/dmctl && ! -e $root/var/lib/dmctl ]] || fail "folders of no group are left"
echo "installed, run, removed"
