#!/usr/bin/env bash
# Makes sure that Kafka's jars are there and prints their folder.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
fetch_jars
printf '%s\n' "$tools/libs"
