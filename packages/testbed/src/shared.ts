import { kafkaScript } from "./paths.js";
import { run } from "./run.js";
import { answers } from "./wait.js";

/**
 * Brokers of a real Kafka: those of KAFKA_BROKERS, else what answers on 127.0.0.1:9092, else one that is started there.
 * What was started is shared by every test and goes on running; `infrastructure/kafka/kafka-down.sh` ends it. The topics
 * of the catalogue are on it; tests make topics of their own with random names.
 */
export async function kafkaBrokers(): Promise<string[]> {
  const given = process.env.KAFKA_BROKERS;
  if (given !== undefined && given !== "" && given !== "memory:") {
    return given.split(",").map((broker) => broker.trim());
  }
  // Also when something answers: another test run may have started it and be at its topics still, which this waits for.
  await run(kafkaScript("kafka-up.sh"), ["--only", "kafka"]);
  return ["127.0.0.1:9092"];
}

/** A real Redis: REDIS_URL, else what answers on 127.0.0.1:6379, else one that is started there and goes on running. */
export async function redisUrl(): Promise<string> {
  const given = process.env.REDIS_URL;
  if (given !== undefined && given !== "" && given !== "memory:") return given;
  if (!(await answers(6379))) {
    await run(kafkaScript("kafka-up.sh"), ["--only", "redis"]);
  }
  return "redis://127.0.0.1:6379";
}
