import {
  commaList,
  integer,
  readConfig,
  type Environment,
} from "@easymo/service-kit";
import { z } from "zod";

const text = () => z.string().min(1);

/** Everything that the run can be told; e2e/README.md says the same. */
const shape = {
  /** Where kubectl and helm find the cluster; unset, where they look by themselves. */
  KUBECONFIG: text().optional(),
  /** Programs, by name or by path. */
  E2E_KUBECTL: text().default("kubectl"),
  E2E_HELM: text().default("helm"),
  /** Helm 3, for a dry run beside; unset, none is made. */
  E2E_HELM3: text().optional(),
  /** Without it, the development files are not tried. */
  E2E_SKAFFOLD: text().optional(),
  /** Brings images that buildah built to the cluster, for `skaffold run`, which is left out without it. */
  E2E_SKAFFOLD_LOAD_IMAGES: text().optional(),
  /** The registry that skaffold asks for what was built. */
  E2E_REGISTRY_PROGRAM: text().default("docker-registry"),
  /** Namespace of the release; made, and removed in the end. */
  E2E_NAMESPACE: text().default("easymo"),
  /** Name of the release. */
  E2E_RELEASE: text().default("bridges"),
  /** Address of this machine that pods reach; default: the one from which this machine reaches the node. */
  E2E_HOST_ADDRESS: text().optional(),
  /** Address of a node; default: the first node's internal one. */
  E2E_NODE_ADDRESS: text().optional(),
  /** `build` makes the images by scripts/images.sh; `given` takes those of IMAGE_REGISTRY and IMAGE_TAG. */
  E2E_IMAGES: z.enum(["build", "given"]).default("build"),
  /** Brings images to the cluster: a command that is run with their names behind it. Unset: the cluster pulls them. */
  E2E_LOAD_IMAGES: text().optional(),
  IMAGE_REGISTRY: text().default("docker.io/easymo"),
  IMAGE_TAG: text().default("dev"),
  /** Folder with Strimzi's CRDs; default: the release on GitHub. */
  STRIMZI_CRDS: text().optional(),
  STRIMZI_VERSION: text().default("0.49.1"),
  /** The release before this one, as a commit or tag of this repository. */
  E2E_PREVIOUS: text().optional(),
  /** `none` where the cluster's network does not enforce network policies. */
  E2E_NETWORK_POLICIES: z.enum(["enforced", "none"]).default("enforced"),
  /** Only these chapters, where one stands by itself; for work on the suite. */
  E2E_CHAPTERS: commaList().optional(),
  /** Leaves everything where it is, for a look. */
  E2E_KEEP: z.literal("1").optional(),
  /** Live calls during an upgrade. */
  E2E_CALLS: integer({ min: 1, max: 200 }).default(6),
};

export type E2eConfig = ReturnType<typeof readE2eConfig>;

/**
 * Reads and checks the environment.
 * @throws ConfigError naming every variable that is wrong
 */
export function readE2eConfig(env: Environment = process.env) {
  return readConfig(shape, env);
}

/** What programs that are started inherit. */
export function processEnvironment(
  env: Environment = process.env,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}
