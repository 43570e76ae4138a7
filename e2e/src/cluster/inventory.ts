import type { Kubectl } from "./kubectl.js";

/** What comes and goes by itself, and belongs to no release. */
const FLEETING =
  /^(event|event\.events\.k8s\.io|endpointslice\.\S+|endpoints)\//;

/** Every object of the namespace, as `kind/name`. */
export async function objectsInNamespace(
  kubectl: Kubectl,
): Promise<Set<string>> {
  const kinds = await listable(kubectl, true);
  return names(
    await kubectl.run([
      "get",
      kinds.join(","),
      "--output",
      "name",
      "--ignore-not-found",
    ]),
  );
}

/** Every object without a namespace that has the release's label. */
export async function clusterObjectsOf(
  kubectl: Kubectl,
  release: string,
): Promise<Set<string>> {
  const kinds = await listable(kubectl, false);
  return names(
    await kubectl.run([
      "get",
      kinds.join(","),
      "--selector",
      `app.kubernetes.io/instance=${release}`,
      "--output",
      "name",
      "--ignore-not-found",
    ]),
  );
}

async function listable(
  kubectl: Kubectl,
  namespaced: boolean,
): Promise<string[]> {
  const kinds = await kubectl.run([
    "api-resources",
    "--verbs=list,get",
    `--namespaced=${namespaced}`,
    "--output=name",
  ]);
  return kinds.split("\n").filter((kind) => kind !== "componentstatuses");
}

function names(text: string): Set<string> {
  return new Set(
    text.split("\n").filter((name) => name !== "" && !FLEETING.test(name)),
  );
}
