#!/usr/bin/env bash
# compose-spec in .tools/compose-spec: the Compose Specification's own reader, by which docker compose reads a file too;
# it needs no daemon. It comes as a Go module.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

VERSION=v2.10.2
folder=.tools/compose-spec
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
[ "$(cat "$folder/.complete" 2>/dev/null)" = "$VERSION" ] && exit 0

scripts/go-for-tests.sh
. scripts/say.sh # What it brought is on the PATH now.
echo "Bringing compose-spec $VERSION into $folder …"
modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
(cd "$modules" && GOFLAGS=-modcacherw GOMODCACHE=$modules/mod GOBIN=$modules go install "github.com/compose-spec/compose-go/v2/cmd@$VERSION") \
  >"$modules/log" 2>&1 || {
  tail -n 5 "$modules/log" >&2
  die "Go could not build compose-spec: see above."
}
install -m 755 "$modules/cmd" "$folder/compose-spec"
echo "$VERSION" >"$folder/.complete"
