#!/usr/bin/env bash
# A real single-node Apache Kafka (KRaft) on 127.0.0.1:9092 and Redis on 127.0.0.1:6379, without Docker, with the
# declared topics on it. What runs already is left alone, so that it can be called again, also twice at once.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

kafka_host=127.0.0.1
kafka_port=9092
controller_port=9093
redis_port=6379
data=${EASYMO_DATA_DIR:-$root/.data}

usage() {
  cat <<'USAGE'
Usage: kafka-up.sh [--only kafka|redis] [--help]

Starts Apache Kafka (KRaft, one node) on 127.0.0.1:9092 and Redis on 127.0.0.1:6379, waits until they answer, and creates
the topics of topics.yaml. Data and logs are under .data/; kafka-down.sh stops what this started.
USAGE
}

only=
while [ $# -gt 0 ]; do
  case $1 in
  --only)
    only=${2:-}
    [[ $only == kafka || $only == redis ]] || die "--only takes kafka or redis." 2
    shift 2
    ;;
  --help | -h) usage; exit 0 ;;
  *) die "unknown option $1; see --help." 2 ;;
  esac
done

# Detached from this shell and from its lock, so that it outlives both.
daemon() { # name, command…
  local name=$1
  shift
  setsid "$@" >>"$data/$name.log" 2>&1 9>&- </dev/null &
  echo $! >"$data/$name.pid"
}

alive() { [ -f "$data/$1.pid" ] && kill -0 "$(cat "$data/$1.pid")" 2>/dev/null; }

wait_for() { # name, seconds, command…: until the command succeeds, or the process is gone
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@"; do
    if ! alive "$name" || [ $SECONDS -ge $deadline ]; then
      tail -n 15 "$data/$name.log" >&2
      die "$name did not start; its log is $data/$name.log."
    fi
    sleep 0.1
  done
}

start_redis() {
  if redis_ready; then
    say "Redis answers on 127.0.0.1:$redis_port."
    return
  fi
  answers 127.0.0.1 "$redis_port" && die "127.0.0.1:$redis_port is taken by something that is not Redis."
  need redis-server redis-server
  # The package starts its own service where there is an init system.
  if redis_ready; then
    say "Redis answers on 127.0.0.1:$redis_port."
    return
  fi
  say "Starting Redis on 127.0.0.1:$redis_port…"
  mkdir -p "$data/redis"
  daemon redis redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$data/redis" --save '' --appendonly no
  wait_for redis 15 redis_ready
  say "Redis is up."
}

redis_ready() {
  local reply
  (
    exec 3<>"/dev/tcp/127.0.0.1/$redis_port" && printf 'PING\r\n' >&3 && read -r -t 2 reply <&3 &&
      [[ $reply == +PONG* || $reply == -NOAUTH* ]]
  ) 2>/dev/null
}

write_properties() {
  cat >"$data/kafka.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$kafka_host:$controller_port
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://$kafka_host:$kafka_port,CONTROLLER://$kafka_host:$controller_port
advertised.listeners=PLAINTEXT://$kafka_host:$kafka_port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$data/kafka
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
}

kafka_ready() { grep -q 'Kafka Server started' "$data/kafka.started.log" 2>/dev/null && answers "$kafka_host" "$kafka_port"; }

start_kafka() {
  if answers "$kafka_host" "$kafka_port"; then
    say "Kafka answers on $kafka_host:$kafka_port."
  else
    fetch_jars
    write_properties
    if [ ! -f "$data/kafka/meta.properties" ]; then
      rm -rf "$data/kafka"
      kafka_class kafka.tools.StorageTool format --cluster-id "$(new_cluster_id)" \
        --config "$data/kafka.properties" >"$data/kafka.format.log" 2>&1 ||
        { cat "$data/kafka.format.log" >&2; die "Kafka's storage could not be formatted."; }
    fi
    say "Starting Apache Kafka $KAFKA_VERSION on $kafka_host:$kafka_port…"
    : >"$data/kafka.log"
    ln -sf kafka.log "$data/kafka.started.log"
    daemon kafka java -Xms256m -Xmx512m -XX:+UseG1GC -Dlog4j2.configurationFile="$here/log4j2.properties" \
      -cp "$tools/libs/*" kafka.Kafka "$data/kafka.properties"
    wait_for kafka 90 kafka_ready
    say "Kafka is up."
  fi
  "$here/kafka-topics.sh" --bootstrap-server "$kafka_host:$kafka_port" --replication-factor 1 >&2
}

# A UUID in Kafka's form: 16 bytes, base64 for URLs, without padding.
new_cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c1-22; }

mkdir -p "$data"
exec 9>"$data/kafka-up.lock"
if ! flock -n 9; then
  say "Another kafka-up is at work; waiting for it…"
  flock 9
fi
[ "$only" = kafka ] || start_redis
[ "$only" = redis ] || start_kafka
