# Sourced: how the scripts tell what they are doing.
step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
die() { echo "$1" >&2; exit 1; }
