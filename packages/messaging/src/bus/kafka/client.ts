import { Kafka, logLevel, type LogEntry, type SASLOptions } from "kafkajs";
import type { Logger } from "pino";
import type { BusSettings, SaslSettings } from "../bus.js";

const CONNECTION_TIMEOUT_MS = 2_000;
const AUTHENTICATION_TIMEOUT_MS = 5_000;
/** A broker that has not answered by then is asked again, on a new connection. */
const REQUEST_TIMEOUT_MS = 10_000;

/** How kafkajs itself tries again. What outlives this is tried again by us, who know what the caller waits for. */
export const CLIENT_RETRY = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  retries: 2,
} as const;

/**
 * A kafkajs client. One for each subscription: clients keep the committed offsets of a group in one place, which two
 * members of the same group in one process must not share.
 */
export function kafkaClient(settings: BusSettings, logger: Logger): Kafka {
  return new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers === "memory:" ? [] : [...settings.brokers],
    ssl: settings.ssl,
    ...(settings.sasl === undefined
      ? {}
      : { sasl: saslOptions(settings.sasl) }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: CLIENT_RETRY,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => relay(logger, entry),
  });
}

function saslOptions({
  mechanism,
  username,
  password,
}: SaslSettings): SASLOptions {
  return { mechanism, username, password };
}

/**
 * Parts of kafkajs that log an error and then try again or hand it to us, who say it once in our own words: a coordinator
 * that is still loading just after start, a leader that moved, a broker that is away.
 */
const RETRIED = new Set([
  "Connection",
  "BrokerPool",
  "Cluster",
  "Producer",
  "Runner",
  "ConsumerGroup",
  "FetchManager",
  "OffsetManager",
  "Consumer",
  "Admin",
]);

function relay(logger: Logger, { namespace, level, log }: LogEntry): void {
  const { message, ...details } = log;
  const line = { ...details, logger: "kafkajs", kafkajs: namespace };
  if (RETRIED.has(namespace) || level > logLevel.WARN) {
    logger.debug(line, message);
  } else if (level === logLevel.ERROR) {
    logger.error(line, message);
  } else {
    logger.warn(line, message);
  }
}
