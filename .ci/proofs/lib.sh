# For proofs: . .ci/proofs/lib.sh

cannot() { echo "skipped: $*" && exit 77; }
fail() { echo "FAILED: $*" && exit 1; }

need() { # TOOL...
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || cannot "no $tool; .ci/packages has its package"
  done
}

one_site() { # NAME [LINE...]: the file of a group with one site and one device, and these lines of the group
  cat <<END
group: $1
$(printf '%s\n' "${@:2}")
devices:
  - {name: data, size: 8MiB}
sites:
  - name: home
    listen: unix:home/link.sock
    log: {path: home/replog, size: 8MiB}
    devices: {data: home/data.img}
    nbd: unix:home/nbd.sock
END
}
