import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the suite of the charts keeps them: scripts/kubeconform-for-tests.sh brings them. */
const BROUGHT = fileURLToPath(
  new URL("../../../../.tools/kubeconform/strimzi", import.meta.url),
);

const NAME = "name: kafkatopics.kafka.strimzi.io";

/**
 * Strimzi's own definition of KafkaTopic: from the folder given, else from where the charts' suite keeps it. Where
 * neither has it, a stand-in that has the same fields and checks none of them; and that is said.
 */
export function strimziDefinition(folder: string | undefined): string {
  for (const place of [folder, BROUGHT]) {
    if (place === undefined || !existsSync(place)) continue;
    for (const file of readdirSync(place)) {
      const text = readFileSync(join(place, file), "utf8");
      if (file.endsWith(".yaml") && text.includes(NAME)) return text;
    }
  }
  process.stderr.write(
    "Strimzi's own KafkaTopic goes untried, a stand-in is used: set STRIMZI_CRDS to a folder with Strimzi's CRDs.\n",
  );
  return STAND_IN;
}

const STAND_IN = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: kafkatopics.kafka.strimzi.io}
spec:
  group: kafka.strimzi.io
  scope: Namespaced
  names: {kind: KafkaTopic, listKind: KafkaTopicList, singular: kafkatopic, plural: kafkatopics}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;
