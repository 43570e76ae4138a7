#!/usr/bin/env bash
# Installs the workspace's packages, Node 24 among them, when the lock file is newer than what is installed.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
stamp=node_modules/.easymo-installed
state=$(cat pnpm-lock.yaml pnpm-workspace.yaml package.json packages/*/package.json services/*/package.json charts/package.json demo/package.json bench/package.json e2e/package.json | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ] && [ -x node_modules/.bin/node ]; then
  exit 0
fi
echo "Installing the packages …"
scripts/pnpm.sh install --frozen-lockfile --reporter=append-only --loglevel=warn
echo "$state" >"$stamp"
