#!/usr/bin/env bash
# Stops the Kafka and Redis that kafka-up.sh started; their data stays. What it did not start is left alone.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

data=${EASYMO_DATA_DIR:-$root/.data}

if [ $# -gt 0 ]; then
  [[ $1 == --help || $1 == -h ]] || die "unknown option $1; see --help." 2
  say "Usage: kafka-down.sh    stops the Kafka and Redis that kafka-up.sh started"
  exit 0
fi

# A number alone may by now be another program's: it is stopped only if it still runs what was started.
is_ours() { tr '\0' ' ' <"/proc/$2/cmdline" 2>/dev/null | grep -qE "$1"; }

stop() { # name, what its command line has
  local name=$1 pid deadline=$((SECONDS + 30))
  [ -f "$data/$name.pid" ] || { say "$name was not started here."; return; }
  pid=$(cat "$data/$name.pid")
  if is_ours "$2" "$pid"; then
    say "Stopping $name…"
    kill "$pid"
    while is_ours "$2" "$pid"; do
      if [ $SECONDS -ge $deadline ]; then
        say "$name took too long; ending it."
        kill -9 "$pid"
      fi
      sleep 0.1
    done
  fi
  rm -f "$data/$name.pid"
  say "$name is down."
}

mkdir -p "$data"
exec 9>"$data/kafka-up.lock"
flock 9
stop kafka 'kafka\.Kafka'
stop redis 'redis-server'
