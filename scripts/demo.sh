#!/usr/bin/env bash
# Builds the demo and runs it in the foreground, so that Ctrl-C reaches it and nothing else.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
echo "Building …"
scripts/pnpm.sh --silent --filter @easymo/demo build
exec node_modules/node/bin/node demo/dist/server.js
