#!/usr/bin/env bash
# Makes a broker's topics what topics.yaml says: creates what is missing, adds partitions, sets configuration.
# Nothing is ever deleted, and a topic that has more partitions than declared is left as it is, with a warning.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'USAGE'
Usage: kafka-topics.sh [options]

Creates or alters the topics of topics.yaml on a Kafka cluster. Running it again changes nothing.
Uses Kafka's own tools from the PATH or KAFKA_HOME, else from Java (fetched by Maven, once), else from Docker.

  --bootstrap-server HOST:PORT[,…]  brokers to begin with        (default: $KAFKA_BROKERS or 127.0.0.1:9092)
  --command-config FILE             client properties for TLS and SASL
  --replication-factor N            instead of the declared one; min.insync.replicas follows, at most N - 1, at least 1
  --file FILE                       instead of the topics.yaml beside this script
  --dry-run                         print what would be done, and do nothing
  --list                            print the declared topics as tab-separated lines (name, partitions, replicas,
                                    configuration), without a broker
  --help                            this text

Exit codes: 0 done, 1 failed, 2 wrong usage or topics.yaml not readable, 3 the brokers cannot be reached.
USAGE
}

bootstrap=${KAFKA_BROKERS:-127.0.0.1:9092}
command_config=
replication=
file=$here/topics.yaml
dry_run=
list=

value_of() { [ $# -ge 2 ] && [ -n "$2" ] || die "$1 needs a value; see --help." 2; }
while [ $# -gt 0 ]; do
  case $1 in
  --bootstrap-server) value_of "$@"; bootstrap=$2; shift 2 ;;
  --command-config) value_of "$@"; command_config=$2; shift 2 ;;
  --replication-factor) value_of "$@"; replication=$2; shift 2 ;;
  --file) value_of "$@"; file=$2; shift 2 ;;
  --dry-run) dry_run=1; shift ;;
  --list) list=1; shift ;;
  --help | -h) usage; exit 0 ;;
  *) die "unknown option $1; see --help." 2 ;;
  esac
done
[[ $replication =~ ^([1-9][0-9]*)?$ ]] || die "--replication-factor must be a whole number from 1, not \"$replication\"." 2
[ -r "$file" ] || die "$file cannot be read." 2
[ -z "$command_config" ] || [ -r "$command_config" ] || die "$command_config cannot be read." 2

# topics.yaml in, one line a topic out: name, partitions, replicas, key=value,… ; anything unexpected is an error.
declared() {
  awk -v only_replicas="$replication" '
    function fail(why) { printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"; failed = 1; exit 2 }
    function bare(text) {
      sub(/[ \t]+#.*$/, "", text); sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text)
      if (text ~ /^".*"$/ || text ~ /^'"'"'.*'"'"'$/) text = substr(text, 2, length(text) - 2)
      return text
    }
    function finish(   i, insync, line) {
      if (kind == "") return
      if (kind != "KafkaTopic") fail("kind is " kind ", not KafkaTopic")
      if (topic_name != "") name = topic_name
      if (name !~ /^[A-Za-z0-9._-]+$/) fail("a topic has no valid name")
      if (partitions !~ /^[1-9][0-9]*$/) fail(name ": spec.partitions must be a whole number from 1")
      if (only_replicas != "") replicas = only_replicas
      if (replicas !~ /^[1-9][0-9]*$/) fail(name ": spec.replicas must be a whole number from 1")
      line = ""
      for (i = 1; i <= configs; i++) {
        # Fewer replicas than declared could never meet the declared minimum.
        if (config_key[i] == "min.insync.replicas" && config_value[i] + 0 > replicas - 1)
          config_value[i] = replicas > 1 ? replicas - 1 : 1
        line = line (i > 1 ? "," : "") config_key[i] "=" config_value[i]
      }
      printf "%s\t%d\t%d\t%s\n", name, partitions, replicas, line
    }
    function begin() { kind = name = topic_name = partitions = replicas = section = part = ""; configs = 0 }
    BEGIN { begin() }
    /^[ \t]*(#|$)/ { next }
    /\t/ { fail("a tab; YAML is indented with spaces") }
    /^---/ { finish(); begin(); next }
    !/^ *[^ :]+:( |$)/ { fail("not a \"key: value\" line") }
    {
      match($0, /^ */); depth = RLENGTH
      colon = index($0, ":"); key = bare(substr($0, 1, colon - 1)); value = substr($0, colon + 1)
      if (value ~ /^ *[\[{|>&*]/) fail("only plain values are read here, one a line")
      value = bare(value)
      if (depth == 0) { section = key; part = ""; if (key == "kind") kind = value }
      else if (depth == 2) {
        part = key
        if (section == "metadata" && key == "name") name = value
        if (section == "spec" && key == "topicName") topic_name = value
        if (section == "spec" && key == "partitions") partitions = value
        if (section == "spec" && key == "replicas") replicas = value
      } else if (depth == 4) {
        if (section == "spec" && part == "config") { configs++; config_key[configs] = key; config_value[configs] = value }
      } else fail("indented by " depth " spaces; 0, 2 and 4 are read here")
    }
    END { if (!failed) finish() }
  ' "$file"
}

topics=$(declared) || exit 2
[ -n "$topics" ] || die "$file declares no topic." 2
if [ -n "$list" ]; then
  printf '%s\n' "$topics"
  exit 0
fi

# kafka TOOL ARGS…: one of Kafka's command-line tools ("topics" or "configs"), wherever it is.
choose_kafka() {
  local found
  if [ -n "${KAFKA_HOME:-}" ] && [ -x "$KAFKA_HOME/bin/kafka-topics.sh" ]; then
    kafka() { "$KAFKA_HOME/bin/kafka-$1.sh" "${@:2}"; }
  elif has kafka-configs.sh && found=$(command -v kafka-configs.sh); then
    distribution=$(dirname -- "$found")
    kafka() { "$distribution/kafka-$1.sh" "${@:2}"; }
  elif has kafka-configs && has kafka-topics; then
    kafka() { "kafka-$1" "${@:2}"; }
  elif have_jars || { has java && has mvn; }; then
    fetch_jars
    kafka() {
      case $1 in
      topics) kafka_class org.apache.kafka.tools.TopicCommand "${@:2}" ;;
      configs) kafka_class kafka.admin.ConfigCommand "${@:2}" ;;
      esac
    }
  elif has docker && docker info >/dev/null 2>&1; then
    kafka() {
      local mounts=()
      [ -z "$command_config" ] || mounts=(-v "$(realpath "$command_config"):$(realpath "$command_config"):ro")
      docker run --rm --network host ${mounts[@]+"${mounts[@]}"} "apache/kafka:$KAFKA_VERSION" \
        "/opt/kafka/bin/kafka-$1.sh" "${@:2}"
    }
  else
    die "needs Kafka's tools on the PATH, or Java and Maven, or a running Docker: install one of them (on Debian: apt-get install maven)."
  fi
}

choose_kafka
connection=(--bootstrap-server "$bootstrap")
[ -z "$command_config" ] || connection+=(--command-config "$(realpath "$command_config")")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# With no broker the admin client would go on trying for a minute or more; ask for a connection first.
reachable() {
  local broker
  for broker in ${bootstrap//,/ }; do
    answers "${broker%:*}" "${broker##*:}" && return 0
  done
  return 1
}
reachable || die "no broker answers at $bootstrap." 3

if ! kafka topics "${connection[@]}" --describe --exclude-internal >"$scratch/present" 2>"$scratch/error"; then
  tail -n 3 "$scratch/error" >&2
  die "the brokers at $bootstrap could not be asked for their topics." 3
fi

# What the broker says of a topic: partitions, and its configuration as "key=value,…".
present() {
  awk -v wanted="$1" -F'\t' '$1 == "Topic: " wanted && /PartitionCount/ {
    for (i = 2; i <= NF; i++) {
      if ($i ~ /^PartitionCount: /) { sub(/^PartitionCount: /, "", $i); partitions = $i }
      if ($i ~ /^ *Configs: ?/) { sub(/^ *Configs: ?/, "", $i); configs = $i }
    }
    printf "%s\t%s\n", partitions, configs; exit }' "$scratch/present"
}

# Does one step, or says what it would be; the caller may send it to the background.
step() {
  local sentence=$1
  shift
  if [ -n "$dry_run" ]; then
    printf 'would %s\n' "$sentence"
    return 0
  fi
  local out
  if out=$("$@" 2>&1); then
    printf '%s\n' "$sentence"
  else
    printf '%s\n' "$out" | grep -v '^WARNING' | head -n 3 >&2
    say "could not $sentence"
    return 1
  fi
}

changes=0
running=()
begin_step() {
  changes=$((changes + 1))
  if [ -n "$dry_run" ]; then
    step "$@"
  else
    # A few at a time: each is a process of its own.
    step "$@" &
    running+=($!)
    if [ ${#running[@]} -ge 4 ]; then
      wait "${running[0]}" || failed=1
      running=("${running[@]:1}")
    fi
  fi
}

failed=
while IFS=$'\t' read -r -u 8 name partitions replicas configs; do
  found=$(present "$name")
  if [ -z "$found" ]; then
    flags=()
    for pair in ${configs//,/ }; do flags+=(--config "$pair"); done
    begin_step "create $name with $partitions partitions, $replicas replicas, $configs" \
      kafka topics "${connection[@]}" --create --if-not-exists --topic "$name" --partitions "$partitions" \
      --replication-factor "$replicas" ${flags[@]+"${flags[@]}"}
    continue
  fi
  has_partitions=${found%%$'\t'*}
  has_configs=,${found#*$'\t'},
  if [ "$has_partitions" -lt "$partitions" ]; then
    begin_step "raise $name from $has_partitions to $partitions partitions" \
      kafka topics "${connection[@]}" --alter --topic "$name" --partitions "$partitions"
  elif [ "$has_partitions" -gt "$partitions" ]; then
    say "warning: $name has $has_partitions partitions, $partitions are declared; partitions cannot be taken away."
  fi
  differing=
  for pair in ${configs//,/ }; do
    [[ $has_configs == *",$pair,"* ]] || differing+=${differing:+,}$pair
  done
  if [ -n "$differing" ]; then
    begin_step "set $differing on $name" \
      kafka configs "${connection[@]}" --alter --entity-type topics --entity-name "$name" --add-config "$differing"
  fi
done 8<<<"$topics"

for process in ${running[@]+"${running[@]}"}; do
  wait "$process" || failed=1
done
[ -z "$failed" ] || die "not every topic is as declared."
[ "$changes" -gt 0 ] || say "All topics are as declared."
