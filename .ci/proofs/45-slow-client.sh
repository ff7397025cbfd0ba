#!/usr/bin/env bash
# Clients that stand still beside others: what tools/proofs runs by hand.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/proofs/prove slow-client --folder "$folder"
