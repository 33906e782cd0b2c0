#!/bin/bash
# Makes this machine a node of its Kafka cluster: configuration, service, storage. Then Kafka starts.
# Runs at every boot, after 10-machine.sh, and comes to the same state each time.
set -euo pipefail
: "${FORMAT:?}" "${VOLUME:?}" "${VERSION:?}" "${CLUSTER_ID:?}" "${NODE_ID:?}" "${HEAP:?}" "${PROPERTIES:?}"
root=${KPL_ROOT:-}
mount=$root/var/lib/kafka
data=$mount/data
kafka=$root/opt/kafka-$VERSION
properties=$root/etc/kafka/server.properties
logs=$root/var/log/kafka
formatted=$root/var/lib/kafka-privatelink/formatted

say() { echo "kafka-privatelink: $*"; }
fail() { say "$*: Kafka is not started" >&2; exit 1; }
# Nobody reads half a file.
write() {
  mkdir -p "${1%/*}"
  cat >"$1.new"
  mv "$1.new" "$1"
}

# ---- What 10-machine.sh leaves behind.
[ -x "$kafka/bin/kafka-server-start.sh" ] || fail "Kafka $VERSION is not in $kafka, see above"
mountpoint -q "$mount" || fail "volume $VOLUME is not mounted at $mount, see above"

# ---- Configuration and service.
{
  echo "# Written at every boot by kafka-privatelink."
  printf '%s' "${PROPERTIES/$'\n'log.dirs=/$'\n'log.dirs=$root}"
} | write "$properties"
write "$root/etc/systemd/system/kafka.service" <<END
[Unit]
Description=Apache Kafka $VERSION, node $NODE_ID
Wants=network-online.target
After=network-online.target
RequiresMountsFor=$mount

[Service]
User=kafka
Environment="KAFKA_HEAP_OPTS=$HEAP"
Environment="LOG_DIR=$logs"
ExecStart=$kafka/bin/kafka-server-start.sh $properties
KillSignal=SIGTERM
TimeoutStopSec=300
SuccessExitStatus=143
Restart=on-failure
RestartSec=5
LimitNOFILE=100000
END
# Kafka's own logs are never removed by itself; the journal has the same.
write "$root/etc/tmpfiles.d/kafka.conf" <<<"d $logs 0750 kafka kafka 7d"
mkdir -p "$logs" "$data" "${formatted%/*}"
chown kafka:kafka "$logs" "$data"

# ---- Storage. A voter that comes back empty takes part as if nothing were: records can be lost.
said() { sed -n "s/^$1=//p" "$data/meta.properties"; }
if [ -e "$data/meta.properties" ]; then
  [ "$(said cluster.id) $(said node.id)" = "$CLUSTER_ID $NODE_ID" ] ||
    fail "volume $VOLUME is of node $(said node.id) of cluster $(said cluster.id), not of node $NODE_ID of cluster $CLUSTER_ID"
elif [ "$FORMAT" != allowed ]; then
  fail "volume $VOLUME has no meta.properties, and may not be formatted: its data are lost, or it is another volume"
elif [ -e "$formatted" ]; then
  fail "volume $VOLUME had a meta.properties on this machine, and has none any more"
else
  say "formatting the storage of node $NODE_ID of cluster $CLUSTER_ID"
  LOG_DIR=$logs runuser -u kafka -- "$kafka/bin/kafka-storage.sh" format --cluster-id "$CLUSTER_ID" --config "$properties" ||
    fail "volume $VOLUME cannot be formatted"
fi
touch "$formatted"

systemctl daemon-reload
systemctl restart kafka.service
say "Kafka $VERSION starts as node $NODE_ID"
