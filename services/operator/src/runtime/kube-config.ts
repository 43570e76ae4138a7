import { KubeConfig } from "@kubernetes/client-node";

/**
 * How the API server is reached, and as whom: a kubeconfig file, else the pod's own service account, whose token is read
 * again as kubelet renews it. Throws when neither is there.
 */
export function loadKubeConfig(kubeconfigFile: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfigFile === undefined) config.loadFromCluster();
  else config.loadFromFile(kubeconfigFile);
  if (config.getCurrentCluster() === null)
    throw new Error(
      "The kubeconfig names no cluster: set its current-context.",
    );
  return config;
}
