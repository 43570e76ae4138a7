# Sourced: how the scripts tell what they are doing.
step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
die() { echo "$1" >&2; exit 1; }

# Where Go's own installer puts it, which not every PATH has; and where scripts/go-for-tests.sh does, when that is too old.
if [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi
if [ -x .tools/go/bin/go ]; then PATH=$PWD/.tools/go/bin:$PATH; fi
