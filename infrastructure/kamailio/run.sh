#!/usr/bin/env bash
# Starts the proxy in the foreground. What it needs is in environment variables; README.md says what they are.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

# Where Debian puts it, and not everyone's PATH goes.
export PATH=$PATH:/usr/sbin

die() { echo "$1" >&2; exit 78; }

set_number() { # name, default, least
  export "$1=${!1:-$2}"
  if ! [[ ${!1} =~ ^[0-9]{1,9}$ ]] || ((10#${!1} < $3)); then die "$1: expected a whole number of at least $3, got \"${!1}\""; fi
}
set_choice() { # name, default, pattern
  export "$1=${!1:-$2}"
  [[ ${!1} =~ ^($3)$ ]] || die "$1: expected $3, got \"${!1}\""
}

for program in kamailio sqlite3; do
  command -v "$program" >/dev/null ||
    die "Install $program; on Debian 12: apt-get install kamailio kamailio-sqlite-modules kamailio-utils-modules kamailio-tls-modules sqlite3"
done

[[ ${NEXT_HOP:-} =~ ^sips?:[^[:space:]]+$ ]] || die "NEXT_HOP: expected a SIP URI such as sip:pbx.example.com:5060, got \"${NEXT_HOP:-}\""
[[ ${SIP_INGRESS_URL:-} =~ ^https?://[^[:space:]]+$ ]] || die "SIP_INGRESS_URL: expected a URL such as http://sip-ingress:4200, got \"${SIP_INGRESS_URL:-}\""
export SIP_INGRESS_URL=${SIP_INGRESS_URL%/}
if [ -n "${SIP_INGRESS_TOKEN_FILE:-}" ]; then
  [ -z "${SIP_INGRESS_TOKEN:-}" ] || die "SIP_INGRESS_TOKEN: SIP_INGRESS_TOKEN_FILE is set, too; keep one"
  [ -r "$SIP_INGRESS_TOKEN_FILE" ] || die "SIP_INGRESS_TOKEN_FILE: $SIP_INGRESS_TOKEN_FILE cannot be read"
  SIP_INGRESS_TOKEN=$(<"$SIP_INGRESS_TOKEN_FILE")
fi
[[ ${SIP_INGRESS_TOKEN:-} =~ ^[!-~]+$ ]] || die "SIP_INGRESS_TOKEN: expected the tenant's token, without spaces; or its file in SIP_INGRESS_TOKEN_FILE"
export SIP_INGRESS_TOKEN

export NEXT_HOP_URI=${NEXT_HOP_URI:-} NEXT_HOP_SOURCES=${NEXT_HOP_SOURCES:-} SIP_SOURCES=${SIP_SOURCES:-}
set_choice PIKE on 'on|off'
# NORMAL outlives a killed proxy; FULL a power cut as well, for one wait for the disk per event.
set_choice OUTBOX_SYNCHRONOUS NORMAL 'NORMAL|FULL'
set_number RING_SECONDS 180 1
set_number CALL_MAX_SECONDS 14400 1
set_number EVENT_KEPT_SECONDS 86400 60
set_number OUTBOX_MAX_MIB 1024 1
((CALL_MAX_SECONDS < EVENT_KEPT_SECONDS)) || die "CALL_MAX_SECONDS: must be less than EVENT_KEPT_SECONDS, which is $EVENT_KEPT_SECONDS"
export OUTBOX_MAX_PAGES=$((OUTBOX_MAX_MIB * 256))

outbox=$(realpath -m -- "${OUTBOX_FILE:-/var/lib/kamailio/sip-events.sqlite}")
mkdir -p -- "$(dirname -- "$outbox")"
sqlite3 -bail "$outbox" <"$here/outbox.sql" >/dev/null || die "OUTBOX_FILE: $outbox cannot be made an outbox"
export OUTBOX_CONNECTION="outbox=>sqlite:///$outbox"

run_dir=${RUN_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/kamailio.XXXXXX")}

listen=()
tls=()
for address in ${SIP_LISTEN:-udp:0.0.0.0:5060 tcp:0.0.0.0:5060}; do
  listen+=(-l "$address")
  [[ $address != tls:* ]] || tls=(-A WITH_TLS)
done
if [ ${#tls[@]} -gt 0 ]; then
  for name in TLS_CERTIFICATE_FILE TLS_KEY_FILE; do
    [ -r "${!name:-}" ] || die "$name: \"${!name:-}\" cannot be read, and SIP_LISTEN has a tls: address"
  done
  # Who calls us need not have a certificate; the next hop must, and one that is trusted.
  export TLS_CONFIG=$run_dir/tls.cfg
  cat >"$TLS_CONFIG" <<CONFIG
[server:default]
method = TLSv1.2+
certificate = $(realpath -- "$TLS_CERTIFICATE_FILE")
private_key = $(realpath -- "$TLS_KEY_FILE")
verify_certificate = no
require_certificate = no
[client:default]
method = TLSv1.2+
ca_list = ${TLS_CA_FILE:-/etc/ssl/certs/ca-certificates.crt}
verify_certificate = yes
require_certificate = yes
CONFIG
elif [[ $NEXT_HOP =~ ^sips:|transport=tls ]]; then
  die "SIP_LISTEN: NEXT_HOP is reached over TLS, so there must be a tls: address to speak from, such as tls:0.0.0.0:5061"
fi

# -K: an answer is only sent on when it was meant for us.
exec kamailio -DD -E -K -m "${SHARED_MEMORY_MIB:-64}" -M 16 -Y "$run_dir" -w "$run_dir" -f "$here/kamailio.cfg" "${listen[@]}" "${tls[@]}" "$@"
