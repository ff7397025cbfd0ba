#!/bin/bash
# timeout: 3600
# packs: fio
# memory: 3072
# alone: yes
# Tables of replicator and replicator-dev over the kernel's NBD client, which is taken where there is no ublk.
. /test/lib.sh
rmmod ublk_drv
BELOW='nbd[0-9]+'
. /test/replicator.sh
