#!/usr/bin/env bash
# buildah and docker-registry, by which skaffold runs without Docker, where they are missing (as root on Debian).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

missing=()
for program in buildah docker-registry; do command -v "$program" >/dev/null 2>&1 || missing+=("$program"); done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  die "Install ${missing[*]} (these are Debian's package names), or leave E2E_SKAFFOLD_LOAD_IMAGES unset; and run this again."
fi
mkdir -p .data
# Installed, and not started as a service (runlevel 1).
if ! { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >.data/apt.log 2>&1; then
  tail -n 5 .data/apt.log >&2
  die "apt-get could not install ${missing[*]}; its log is .data/apt.log."
fi
