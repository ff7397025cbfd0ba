#!/usr/bin/env bash
# Dependent pairs on two devices, seen in order at every site: a few rounds of what tools/proofs runs by hand for longer.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/proofs/prove pairs --times 3 --folder "$folder"
