#!/usr/bin/env bash
# Whole groups on a virtual clock, from fixed seeds: a part of what tools/simulator runs by hand.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

./dmctl --version >/dev/null # builds what is missing
exec "$(./dmctl --print-java)" -XX:+UseSerialGC -Xmx1g -XX:MaxDirectMemorySize=2g -cp 'target/lib/*' \
  dmctl.simulator.SimulatorMain --seeds "1..${DMCTL_SEEDS:-600}" --threads 2 --time-limit 300
