#!/usr/bin/env bash
# Everything that must hold, in the order in which it fails fastest. The last line is Jest's counts.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

scripts/tools-for-tests.sh

step "Building and type-checking"
scripts/pnpm.sh --silent run build

step "Comparing generated files with what makes them"
scripts/pnpm.sh --silent run verify

step "Linting"
scripts/pnpm.sh --silent run lint

step "Running every suite"
started_here=
if [ -z "${KAFKA_BROKERS:-}" ] && ! (exec 3<>/dev/tcp/127.0.0.1/9092) 2>/dev/null; then started_here=1; fi
if [ -z "${REDIS_URL:-}" ] && ! (exec 3<>/dev/tcp/127.0.0.1/6379) 2>/dev/null; then started_here=1; fi
if [ -n "$started_here" ]; then infrastructure/kafka/kafka-up.sh; fi
status=0
node_modules/.bin/node --experimental-vm-modules --disable-warning=ExperimentalWarning \
  node_modules/jest/bin/jest.js --json --outputFile=.data/jest.json || status=$?
if [ -n "$started_here" ]; then infrastructure/kafka/kafka-down.sh; fi
node_modules/.bin/node scripts/test-counts.mjs .data/jest.json
exit $status
