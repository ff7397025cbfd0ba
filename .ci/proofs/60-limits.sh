#!/usr/bin/env bash
# Hold limits, sampled from outside: a few rounds of what tools/proofs runs by hand for longer.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/proofs/prove hold-limit --folder "$folder"
