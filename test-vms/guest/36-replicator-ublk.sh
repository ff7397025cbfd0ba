#!/bin/bash
# timeout: 3600
# packs: fio
# memory: 3072
# alone: yes
# Tables of replicator and replicator-dev over ublk.
. /test/lib.sh
BELOW='ublkb[0-9]+'
. /test/replicator.sh
