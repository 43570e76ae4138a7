#!/usr/bin/env bash
# Go, from whose modules kubeconform, the schemas of Kubernetes and the reader of compose files come: the one on the PATH
# when it is new enough; else, as root on Debian, Debian's own, which where it is too old itself brings a newer one from Go's
# module proxy into .tools/go.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

AT_LEAST=1.25.5
BROUGHT=1.26.8

version_of() { "$1" env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9.]*\).*/\1/p'; }
new_enough() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$AT_LEAST" "$1" | sort -V | head -n 1)" = "$AT_LEAST" ]; }
command -v go >/dev/null 2>&1 && new_enough "$(version_of go)" && exit 0

mkdir -p .tools .data
exec 9>.tools/go.lock
flock 9
[ -x .tools/go/bin/go ] && exit 0
if ! command -v go >/dev/null 2>&1; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    die "Install Go ($AT_LEAST or later, https://go.dev/dl/), and run this again: tools that the tests need come as Go modules."
  fi
  step "Installing golang-go"
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go ca-certificates; } >.data/apt.log 2>&1; then
    tail -n 5 .data/apt.log >&2
    die "apt-get could not install golang-go; its log is .data/apt.log. Install Go ($AT_LEAST or later, https://go.dev/dl/), and run this again."
  fi
  new_enough "$(version_of go)" && exit 0
fi

case $(uname -m) in
x86_64) machine=amd64 ;;
aarch64) machine=arm64 ;;
*) die "Go $(version_of go) is too old: install $AT_LEAST or later (https://go.dev/dl/), and run this again." ;;
esac
echo "Go $(version_of go) is too old: bringing Go $BROUGHT into .tools/go …"
module=golang.org/toolchain@v0.0.1-go$BROUGHT.linux-$machine
modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
(cd "$modules" && GOFLAGS=-modcacherw GOMODCACHE=$modules/mod go mod download "$module") >"$modules/log" 2>&1 || {
  tail -n 5 "$modules/log" >&2
  die "Go $(version_of go) could not bring $module: install Go $AT_LEAST or later (https://go.dev/dl/), and run this again."
}
# Modules carry no permissions.
chmod 755 "$modules/mod/$module"/bin/* "$modules/mod/$module"/pkg/tool/*/*
rm -rf .tools/go
mv "$modules/mod/$module" .tools/go
