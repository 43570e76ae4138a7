# Shared by the scripts of this folder; sourced, not run.
# shellcheck shell=bash

KAFKA_VERSION=4.3.1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
tools=${KAFKA_TOOLS_DIR:-$root/.tools/kafka}

say() { printf '%s\n' "$*" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}
has() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages, or says in one sentence what is missing.
need() {
  local command=$1
  shift
  has "$command" && return 0
  if [ "$(id -u)" = 0 ] && has apt-get; then
    say "Installing $* (for $command) with apt-get…"
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null 2>&1; then
      apt-get update -q >/dev/null 2>&1 || true
      DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null ||
        die "apt-get could not install $*; install it by hand and run this again."
    fi
    has "$command" && return 0
  fi
  die "$command is missing: install $* and run this again."
}

have_jars() { [ -f "$tools/libs/.complete-$KAFKA_VERSION" ]; }

# Kafka's jars from Maven Central, once; two callers at the same time share one download.
fetch_jars() {
  have_jars && return 0
  need java openjdk-17-jre-headless
  need mvn maven
  mkdir -p "$tools"
  (
    flock 9
    have_jars && exit 0
    say "Fetching Apache Kafka $KAFKA_VERSION by Maven into ${tools#"$root"/} (about 55 MB, once)…"
    rm -rf "$tools/libs.new"
    if ! mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies \
      -DoutputDirectory="$tools/libs.new" -DincludeScope=runtime >"$tools/maven.log" 2>&1; then
      tail -n 5 "$tools/maven.log" >&2
      exit 1
    fi
    rm -rf "$tools/libs"
    mv "$tools/libs.new" "$tools/libs"
    touch "$tools/libs/.complete-$KAFKA_VERSION"
  ) 9>"$tools/fetch.lock" || die "Maven could not fetch Kafka; see $tools/maven.log."
}

# Runs a class of Kafka's with the jars; short-lived tools start faster without the optimising compiler, and with the
# archive of loaded classes that a test's brokers leave beside the jars. One of another Java is passed over; what Java says of
# that goes to standard output, where the tools' answers are read, so it says nothing.
kafka_class() {
  local archive=("$tools"/broker-*.jsa) shared=()
  [ ! -f "${archive[0]}" ] || shared=("-XX:SharedArchiveFile=${archive[0]}" -Xlog:disable)
  java ${KAFKA_TOOL_OPTS:--Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dkafka.log.level=warn} \
    ${shared[@]+"${shared[@]}"} \
    -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$tools/libs/*" "$@"
}

# Whether something takes connections at host:port.
answers() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }
