#!/usr/bin/env bash
# The workspace's own pnpm: the one on the PATH when it is the pinned version, else one brought into .tools.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's/.*"packageManager": "pnpm@\([0-9.]*\)".*/\1/p' "$root/package.json")
tool=$root/.tools/pnpm-$version
die() { echo "$1" >&2; exit 1; }

if [ "$(cd / && pnpm --version 2>/dev/null || true)" = "$version" ]; then
  exec pnpm "$@"
fi
command -v npm >/dev/null || die "Install Node.js 20 or newer, with npm, and run this again."
major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
[ "$major" -ge 20 ] || die "Node.js $(node --version 2>/dev/null) is too old: install Node.js 20 or newer, and run this again."
if [ ! -x "$tool/node_modules/.bin/pnpm" ]; then
  echo "Bringing pnpm $version into .tools …" >&2
  mkdir -p "$tool"
  npm install --silent --no-audit --no-fund --prefix "$tool" "pnpm@$version" >&2
fi
PATH=$tool/node_modules/.bin:$PATH exec "$tool/node_modules/.bin/pnpm" "$@"
