#!/usr/bin/env bash
# A Postgres server for tests on 127.0.0.1:54329, in a temporary folder; prints its address. It is shared by everything
# that asks and goes on running: "postgres-up.sh --stop" ends it. Durability is off, for speed.
set -euo pipefail
# shellcheck source=../../../infrastructure/kafka/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../../../infrastructure/kafka/lib.sh"

port=54329
folder=${TMPDIR:-/tmp}/easymo-postgres-$(id -u)

bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -x "$found/initdb" ] && { printf '%s\n' "$found"; return; }
  has initdb && has postgres && dirname -- "$(command -v initdb)"
}

# Postgres refuses to run as root.
as_owner() {
  if [ "$(id -u)" != 0 ]; then "$@"; else setpriv --reuid postgres --regid postgres --clear-groups -- env HOME="$folder" "$@"; fi
}

mkdir -p "$folder"
exec 9>"$folder.lock"
flock 9

if ! programs=$(bin); then
  # Debian keeps the server's programs off the PATH, so it is the client that tells whether they were installed.
  need pg_isready postgresql
  programs=$(bin) || die "Postgres is missing: install postgresql (15 or newer) and run this again."
fi

if [ "${1:-}" = --stop ]; then
  [ -f "$folder/data/postmaster.pid" ] && as_owner "$programs/pg_ctl" -D "$folder/data" -m fast stop >&2
  exit 0
fi

ready() { "$programs/pg_isready" -q -h 127.0.0.1 -p "$port"; }

if ! ready; then
  answers 127.0.0.1 "$port" && die "127.0.0.1:$port is taken by something that is not Postgres."
  say "Starting Postgres for tests on 127.0.0.1:$port…"
  [ "$(id -u)" != 0 ] || chown postgres:postgres "$folder"
  if [ ! -f "$folder/data/PG_VERSION" ]; then
    as_owner rm -rf "$folder/data"
    as_owner "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --no-sync >"$folder.log" 2>&1 ||
      { tail -n 5 "$folder.log" >&2; die "the test database could not be initialised; see $folder.log."; }
  fi
  as_owner "$programs/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server.log" -o \
    "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=300" \
    start >/dev/null 9>&- || { tail -n 5 "$folder/server.log" >&2; die "the test database did not start; see $folder/server.log."; }
fi
printf 'postgres://postgres@127.0.0.1:%s/postgres\n' "$port"
