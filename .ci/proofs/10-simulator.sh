#!/usr/bin/env bash
# Whole groups on a virtual clock, from fixed seeds: a part of what tools/simulator runs by hand.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

tools/simulator/mutants/run --check
exec tools/simulator/run --seeds "1..${DMCTL_SEEDS:-600}" --threads 2 --time-limit 300
