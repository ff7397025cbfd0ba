#!/usr/bin/env bash
# Power cuts of the primary's disks: a few rounds of what tools/proofs runs by hand for longer.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/proofs/prove power-cut --times 3 --folder "$folder"
