#!/bin/bash
# Starts the broker as its image does, with a cluster id of its own. The image gives every cluster the same one, and then nobody could
# tell that a broker lost its disk: relays publish again what a cluster lost when they meet another id.
set -eu
shared=/mnt/shared/config/cluster-id
data=${KAFKA_LOG_DIRS:-/var/lib/kafka/data}

# A single node without data is a new cluster, whatever it was called before.
if [ "${KAFKA_CONTROLLER_QUORUM_VOTERS#*,}" = "$KAFKA_CONTROLLER_QUORUM_VOTERS" ] && [ ! -e "$data/meta.properties" ]; then
    rm -f "$shared"
fi
if [ ! -s "$shared" ]; then
    fresh="$shared.$KAFKA_NODE_ID"
    /opt/kafka/bin/kafka-storage.sh random-uuid > "$fresh"
    # Of three that start together the first one names the cluster.
    ln "$fresh" "$shared" 2>/dev/null || true
    rm -f "$fresh"
fi
CLUSTER_ID=$(cat "$shared")
export CLUSTER_ID
exec /etc/kafka/docker/run
