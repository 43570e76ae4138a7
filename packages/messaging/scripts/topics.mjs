// Reads infrastructure/kafka/topics.yaml, the one place where topics are declared.
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";

export const repository = new URL("../../../", import.meta.url);
const annotation = (name) => `bridges.easymo.dev/${name}`;

export async function readTopics() {
  const file = new URL("infrastructure/kafka/topics.yaml", repository);
  const documents = parseAllDocuments(await readFile(file, "utf8"));
  return documents.map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const { metadata, spec } = document.toJS();
    const { annotations } = metadata;
    return {
      name: spec.topicName ?? metadata.name,
      partitions: spec.partitions,
      replicas: spec.replicas,
      config: spec.config ?? {},
      key: annotations[annotation("key")],
      eventTypes: annotations[annotation("event-types")].split(" "),
      description: annotations[annotation("description")],
    };
  });
}
