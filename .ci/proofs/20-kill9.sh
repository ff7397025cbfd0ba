#!/usr/bin/env bash
# kill -9 of the primary under load, then restart or takeover: a few rounds of what tools/proofs runs by hand for longer.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/proofs/prove kill9 --times 4 --folder "$folder"
