import { dirname, join } from "node:path";
import { kafkaScript } from "./paths.js";
import { run } from "./run.js";

/** How Kafka's classes are run here. */
export interface KafkaJava {
  readonly jars: string;
  /** Options of the virtual machine. */
  readonly options: readonly string[];
}

/** A broker of a test lives for seconds: over before an optimising compiler's work pays. */
const SHORT_LIVED = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/** Java with Kafka's jars, which are fetched when they are missing. */
export async function kafkaJava(): Promise<KafkaJava> {
  const jars = await run(kafkaScript("kafka-jars.sh"), []);
  return { jars, options: SHORT_LIVED };
}

/** Where the classes that a broker loads are kept, ready to be mapped into memory; for this Java and this Kafka. */
export async function classArchive({ jars }: KafkaJava): Promise<string> {
  const version = await run("java", ["--version"]);
  const release = version
    .split("\n", 1)
    .join("")
    .replaceAll(/[^\w.]+/g, "-");
  return join(dirname(jars), `broker-${release}.jsa`);
}

/** Arguments up to the class. */
export function javaArguments(
  { jars, options }: KafkaJava,
  memory: readonly string[],
): string[] {
  return [
    ...memory,
    ...options,
    `-Dlog4j2.configurationFile=${kafkaScript("log4j2.properties")}`,
    "-cp",
    `${jars}/*`,
  ];
}
