# Sourced: how the scripts tell what they are doing.
step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
die() { echo "$1" >&2; exit 1; }

# Where Go's own installer puts it, which not every PATH has.
if [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi
