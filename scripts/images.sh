#!/usr/bin/env bash
# Builds the services' images with docker or buildah, whichever is there, and looks at each: small, nobody's root, and
# without what may not be passed on. IMAGE_REGISTRY and IMAGE_TAG name them; SERVICES picks some ("voice-bridge agent-core");
# IMAGE_TOOL=buildah takes buildah though Docker runs, too.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

registry=${IMAGE_REGISTRY:-docker.io/easymo}
tag=${IMAGE_TAG:-dev}
max_mb=250
log=.data/images.log
mkdir -p .data
read -ra services <<<"${SERVICES:-$(cd services && echo */Dockerfile | sed 's#/Dockerfile##g')}"
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

if [ "${IMAGE_TOOL:-docker}" = docker ] && docker info >/dev/null 2>&1; then
  tool=docker
elif command -v buildah >/dev/null; then
  tool=buildah
  if [ "$(id -u)" -eq 0 ]; then
    export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
  elif [ -z "${EASYMO_UNSHARED:-}" ]; then
    # Looking into an image needs a user namespace.
    EASYMO_UNSHARED=1 exec buildah unshare "$PWD/scripts/images.sh"
  fi
else
  die "Install Docker and start it, or install buildah (a Debian package), and run this again."
fi

build() { # service, name
  local args=(-f "services/$1/Dockerfile" -t "$2" --build-arg "REVISION=$revision" --network host .)
  case $tool in
  docker) DOCKER_BUILDKIT=1 docker build --progress plain "${args[@]}" ;;
  # What is there of the base image is taken: a machine without a registry has made it by itself.
  buildah) buildah bud --layers --pull=false "${args[@]}" ;;
  esac
}

# The bytes, the user and the paths of an image.
bytes_of() {
  case $tool in
  docker) docker image inspect --format '{{.Size}}' "$1" ;;
  buildah) buildah images --json "$1" | sed -n 's/.*"size": "\([0-9.]*\) \([kMG]*B\)".*/\1 \2/p' | head -n 1 |
    awk '{u["B"]=1; u["kB"]=1e3; u["KB"]=1e3; u["MB"]=1e6; u["GB"]=1e9; printf "%d\n", $1*u[$2]}' ;;
  esac
}
user_of() {
  case $tool in
  docker) docker image inspect --format '{{.Config.User}}' "$1" ;;
  buildah) buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$1" ;;
  esac
}
paths_of() {
  local container folder
  case $tool in
  docker)
    container=$(docker create "$1")
    docker export "$container" | tar -t
    docker rm "$container" >/dev/null
    ;;
  buildah)
    container=$(buildah from --pull=false "$1")
    folder=$(buildah mount "$container")
    (cd "$folder" && find . -mindepth 1)
    buildah rm "$container" >/dev/null
    ;;
  esac
}

for service in "${services[@]}"; do
  [ -f "services/$service/Dockerfile" ] || die "There is no service $service with a Dockerfile."
  name=$registry/$service:$tag
  step "Building $name with $tool"
  if ! build "$service" "$name" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    die "$name could not be built; all of its log is $log."
  fi
  mb=$(($(bytes_of "$name") / 1000000))
  ((mb > 0 && mb < max_mb)) || die "$name has $mb MB; it must have less than $max_mb."
  [[ $(user_of "$name") =~ ^[1-9][0-9]*(:[0-9]+)?$ ]] || die "$name runs as \"$(user_of "$name")\", not as a numeric user other than root."
  paths=$(paths_of "$name")
  if grep -qiE '/node_modules/.*espeak|/(ba)?sh$|/node_modules/(typescript|jest)$|\.test\.ts$' <<<"$paths"; then
    die "$name holds what it should not: $(grep -m1 -iE '/node_modules/.*espeak|/(ba)?sh$|/node_modules/(typescript|jest)$|\.test\.ts$' <<<"$paths")"
  fi
  echo "$name: $mb MB"
done
