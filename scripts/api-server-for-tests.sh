#!/usr/bin/env bash
# etcd, kube-apiserver and kubectl, for the tests of the operator: those in the folder KUBEBUILDER_ASSETS, else .tools/kube, which
# this makes: from a local cluster's own build where there is one, else with setup-envtest (needs Go).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

complete() { [ -x "$1/etcd" ] && [ -x "$1/kube-apiserver" ] && [ -x "$1/kubectl" ]; }

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  complete "$KUBEBUILDER_ASSETS" || die "KUBEBUILDER_ASSETS names $KUBEBUILDER_ASSETS, which has not etcd, kube-apiserver and kubectl in it."
  exit 0
fi
complete .tools/kube && exit 0

mkdir -p .tools .data
bin=${CLUSTER_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/easymo-cluster}/bin
if complete "$bin"; then
  : # A local cluster was built here before.
elif [ -x ../shared/cluster/cluster ]; then
  ../shared/cluster/cluster build || die "The local cluster could not be built."
else
  scripts/go-for-tests.sh
  . scripts/say.sh # What it brought is on the PATH now.
  echo "Bringing etcd, kube-apiserver and kubectl with setup-envtest …"
  bin=$(go run sigs.k8s.io/controller-runtime/tools/setup-envtest@latest use -p path 1.34.x 2>.data/envtest.log) ||
    die "setup-envtest could not bring a Kubernetes API server; its log is .data/envtest.log. Name a folder that has etcd, kube-apiserver and kubectl in KUBEBUILDER_ASSETS, and run this again."
fi
complete "$bin" || die "$bin has not etcd, kube-apiserver and kubectl in it."
ln -sfn "$bin" .tools/kube
