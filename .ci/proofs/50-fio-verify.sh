#!/usr/bin/env bash
# fio with verification while links and targets come and go: a few rounds of what tools/proofs runs by hand for longer.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/proofs/prove fio-verify --seconds 15 --folder "$folder"
