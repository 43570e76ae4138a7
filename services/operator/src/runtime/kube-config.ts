import { KubeConfig } from "@kubernetes/client-node";

/**
 * How the API server is reached, and as whom: a kubeconfig file, else the pod's own service account, whose token is read
 * again as kubelet renews it. Throws when neither is there.
 */
export function loadKubeConfig(kubeconfigFile: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfigFile === undefined) config.loadFromCluster();
  else config.loadFromFile(kubeconfigFile);
  // Outside a cluster, the library makes an address of variables that are not there.
  if (!URL.canParse(config.getCurrentCluster()?.server ?? ""))
    throw new Error(
      kubeconfigFile === undefined
        ? "This is no pod of a cluster: name a kubeconfig in KUBECONFIG."
        : `${kubeconfigFile} names no cluster: set its current-context.`,
    );
  return config;
}
