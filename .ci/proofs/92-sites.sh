#!/usr/bin/env bash
# Three guests, each a site: the primary's is killed, another takes over with its own kernel devices, all follow.
# Skipped, with the reason, where the kernel or a tool cannot be had.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

exec test-vms/lab
