#!/usr/bin/env bash
# Builds one service's image for skaffold (profile buildah): as `make images` does, with buildah, under the name that skaffold
# gives in IMAGE. It is pushed, for the registry is where skaffold asks for it; then EASYMO_LOAD_IMAGES, a command that is run
# with the name behind it, brings it to a cluster that does not pull from there.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

service=${1:?name a service}
[ -n "${IMAGE:-}" ] || die "skaffold runs this, with the image's name in IMAGE."
IMAGE_TOOL=buildah IMAGE_REGISTRY=docker.io/easymo IMAGE_TAG=skaffold SERVICES=$service scripts/images.sh
buildah tag "docker.io/easymo/$service:skaffold" "$IMAGE"
if [ "${PUSH_IMAGE:-}" = true ]; then
  # This machine's own registry speaks no TLS.
  case $IMAGE in localhost:* | 127.0.0.1:*) tls=(--tls-verify=false --disable-compression) ;; *) tls=() ;; esac
  buildah push --quiet "${tls[@]}" "$IMAGE"
fi
if [ -n "${EASYMO_LOAD_IMAGES:-}" ]; then
  read -ra load <<<"$EASYMO_LOAD_IMAGES"
  "${load[@]}" "$IMAGE"
fi
