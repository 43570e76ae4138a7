#!/usr/bin/env bash
# Installs the umbrella chart on the cluster that KUBECONFIG names, and exercises it: see e2e/README.md.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/say.sh

command -v kubectl >/dev/null || die "Install kubectl, name a cluster in KUBECONFIG, and run this again."
kubectl get --raw /readyz >/dev/null 2>&1 || die "No cluster answers: name one in KUBECONFIG, and run this again."
scripts/helm-for-tests.sh
export E2E_HELM=${E2E_HELM:-$PWD/.tools/helm/helm4}
export E2E_HELM3=${E2E_HELM3:-$PWD/.tools/helm/helm3}
if [ -n "${E2E_SKAFFOLD:-}" ] && [ -n "${E2E_SKAFFOLD_LOAD_IMAGES:-}" ] && [ -z "${E2E_REGISTRY_PROGRAM:-}" ]; then
  scripts/registry-for-tests.sh
fi
scripts/pnpm.sh --silent --filter @easymo/e2e build
exec node_modules/node/bin/node e2e/dist/main.js
