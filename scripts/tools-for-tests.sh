#!/usr/bin/env bash
# Brings the programs that the suites talk to, where they are missing (as root on Debian): Redis, Postgres, Chromium,
# Kamailio and SIPp; Java and Maven for Kafka; Helm, kubeconform and compose-spec; Prometheus; a Kubernetes
# API server. Otherwise one sentence says what to install.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

missing=()
has() { command -v "$1" >/dev/null 2>&1; }
reachable() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

if [ -z "${REDIS_URL:-}" ] && ! reachable 6379; then has redis-server || missing+=(redis-server); fi
if [ -z "${TEST_DATABASE_URL:-}" ] && ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then missing+=(postgresql); fi
has chromium || has chromium-browser || has google-chrome || missing+=(chromium)
[ -x /usr/sbin/kamailio ] || missing+=(kamailio)
for module in sqlite:db_sqlite utils:http_client tls:tls; do
  ls /usr/lib/*/kamailio/modules/"${module#*:}.so" >/dev/null 2>&1 || missing+=("kamailio-${module%:*}-modules")
done
has sqlite3 || missing+=(sqlite3)
has sipp || missing+=(sip-tester)
has promtool || missing+=(prometheus)
has unzip || missing+=(unzip)
has openssl || missing+=(openssl)
if [ -z "${KAFKA_BROKERS:-}" ] && ! reachable 9092; then
  has java || missing+=(default-jre-headless)
  has mvn || [ -d .tools/kafka ] || missing+=(maven)
fi
downloads() {
  scripts/helm-for-tests.sh
  scripts/api-server-for-tests.sh
  scripts/kubeconform-for-tests.sh
  scripts/compose-spec-for-tests.sh
}
if [ ${#missing[@]} -eq 0 ]; then downloads; exit; fi

if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
  die "Install ${missing[*]} (these are Debian's package names), and run this again."
fi
step "Installing ${missing[*]}"
mkdir -p .data
if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >.data/apt.log 2>&1; then
  tail -n 5 .data/apt.log >&2
  die "apt-get could not install ${missing[*]}; its log is .data/apt.log."
fi
downloads
