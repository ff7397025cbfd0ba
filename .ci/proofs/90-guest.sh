#!/usr/bin/env bash
# Kernel devices for real: the tests of test-vms in a guest with a stock kernel.
# Skipped, with the reason, where the kernel or a tool cannot be had.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

exec test-vms/run 05 10 15 20 25 35 45
