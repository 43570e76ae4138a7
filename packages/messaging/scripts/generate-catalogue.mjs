// Makes the code's topic catalogue from infrastructure/kafka/topics.yaml; --check only compares.
import { emit } from "./generated.mjs";
import { readTopics } from "./topics.mjs";

const topics = (await readTopics()).map(
  ({ name, partitions, replicas, config, key, eventTypes, description }) => ({
    name,
    partitions,
    replicas,
    config,
    key,
    eventTypes,
    description,
  }),
);

await emit(
  new URL("../src/topics/catalogue.generated.ts", import.meta.url),
  `// Made by scripts/generate-catalogue.mjs from infrastructure/kafka/topics.yaml: change it there.

/** Every topic, as topics.yaml declares it. */
export const topicCatalogue = ${JSON.stringify(topics, null, 2)} as const;

export type TopicName = (typeof topicCatalogue)[number]["name"];

/** The topics' names, by what they are for. */
export const topicNames = {
${topics.map(({ name }) => `  ${camel(name)}: ${JSON.stringify(name)},`).join("\n")}
} as const;
`,
);

function camel(name) {
  return name.replace(/\.(\w)/g, (_, letter) => letter.toUpperCase());
}
