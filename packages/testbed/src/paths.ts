import { access } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// The same from src/ (tests) and from dist/ (everyone else).
const here = new URL("./", import.meta.url);

/** The path of a script of infrastructure/kafka. */
export function kafkaScript(name: string): string {
  return fileURLToPath(new URL(`../../../infrastructure/kafka/${name}`, here));
}

/** The path of a script of this package. */
export function ownScript(name: string): string {
  return fileURLToPath(new URL(`../scripts/${name}`, here));
}

/** The folder that has etcd, kube-apiserver and kubectl: KUBEBUILDER_ASSETS, else the one that the script below makes. */
export async function kubernetesBinaries(): Promise<string> {
  const folder =
    process.env.KUBEBUILDER_ASSETS ??
    fileURLToPath(new URL("../../../.tools/kube", here));
  const needed = ["etcd", "kube-apiserver", "kubectl"];
  await Promise.all(needed.map((name) => access(join(folder, name)))).catch(
    (cause: unknown) => {
      throw new Error(
        `${folder} has not ${needed.join(", ")}: run scripts/api-server-for-tests.sh.`,
        { cause },
      );
    },
  );
  return folder;
}
