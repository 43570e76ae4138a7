#!/usr/bin/env bash
# kubeconform in .tools/kubeconform, and beside it what charts are held against: the API documents of Kubernetes 1.30 to
# 1.35 and the CRDs of the operators whose kinds the charts make. All are in Go modules, which Go's own proxy serves;
# Strimzi's CRDs come from the folder that STRIMZI_CRDS names, from ../shared/strimzi-crds, or from Strimzi's release.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

KUBECONFORM=v0.7.0
KUBERNETES=(v1.30.14 v1.31.14 v1.32.13 v1.33.13 v1.34.4 v1.35.4)
STRIMZI=1.0.0
folder=.tools/kubeconform
mkdir -p "$folder/kubernetes" "$folder/crds" "$folder/strimzi"
exec 9>"$folder/lock"
flock 9

# Strimzi is no Go module. Without its CRDs its kinds alone go unchecked, and this says so.
bring_strimzi() {
  [ -n "$(ls "$folder/strimzi")" ] && return 0
  local given=${STRIMZI_CRDS:-../shared/strimzi-crds} release
  if [ -d "$given" ]; then
    cp "$given"/*.yaml "$folder/strimzi/"
    return 0
  fi
  release=https://github.com/strimzi/strimzi-kafka-operator/releases/download/$STRIMZI/strimzi-crds-$STRIMZI.yaml
  if curl --fail --silent --location --max-time 60 --output "$folder/strimzi.part" "$release"; then
    mv "$folder/strimzi.part" "$folder/strimzi/crds.yaml"
  else
    echo "Kafka, KafkaNodePool and KafkaTopic go unchecked: set STRIMZI_CRDS to a folder with Strimzi's CRDs, which its release $STRIMZI did not give." >&2
  fi
}

# What is there was made from exactly this list.
wanted="$KUBECONFORM ${KUBERNETES[*]} crds-2"
[ "$(cat "$folder/.complete" 2>/dev/null)" = "$wanted" ] && bring_strimzi && exit 0

scripts/go-for-tests.sh
. scripts/say.sh # What it brought is on the PATH now.
echo "Bringing kubeconform and the schemas of Kubernetes 1.30 to 1.35 into $folder …"
started=$SECONDS
modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
export GOFLAGS=-modcacherw
log=$modules/log

# Copies files of a module out of its archive, and forgets the module.
bring() { # module, version, then pairs of a file in it and where it goes
  local module=$1 version=$2 cache
  shift 2
  cache=$(mktemp -d -p "$modules")
  (cd "$cache" && GOMODCACHE=$cache/mod go mod download "$module@$version") >>"$log" 2>&1 || return 1
  while [ $# -gt 0 ]; do
    cp "$cache/mod/$module@$version"/$1 "$folder/$2" || return 1
    shift 2
  done
  rm -rf "$cache"
}

jobs=()
for version in "${KUBERNETES[@]}"; do
  bring k8s.io/kubernetes "$version" api/openapi-spec/swagger.json "kubernetes/${version%.*}.json" &
  jobs+=($!)
done
crds=example/prometheus-operator-crd
bring github.com/prometheus-operator/prometheus-operator v0.85.0 \
  $crds/monitoring.coreos.com_servicemonitors.yaml crds/servicemonitors.yaml \
  $crds/monitoring.coreos.com_prometheusrules.yaml crds/prometheusrules.yaml &
jobs+=($!)
bring sigs.k8s.io/gateway-api v1.4.1 config/crd/standard/gateway.networking.k8s.io_httproutes.yaml crds/httproutes.yaml &
jobs+=($!)
bring github.com/kedacore/keda/v2 v2.18.3 \
  config/crd/bases/keda.sh_scaledobjects.yaml crds/scaledobjects.yaml \
  config/crd/bases/keda.sh_triggerauthentications.yaml crds/triggerauthentications.yaml &
jobs+=($!)
(cd "$modules" && GOMODCACHE=$modules/mod GOBIN=$modules go install "github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM") >>"$log" 2>&1 &
jobs+=($!)
for job in "${jobs[@]}"; do
  wait "$job" || {
    tail -n 5 "$log" >&2
    die "Go could not download kubeconform or the schemas that it needs: see above."
  }
done
install -m 755 "$modules/kubeconform" "$folder/kubeconform"

echo "$wanted" >"$folder/.complete"
echo "It took $((SECONDS - started)) s and $(du -sm "$folder" | cut -f1) MB."
bring_strimzi
