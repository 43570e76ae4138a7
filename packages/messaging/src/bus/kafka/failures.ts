import type { PublishErrorCode } from "../../errors.js";

/** What a failed send means for the batch. */
export type Verdict =
  /** The log has it already. */
  | { readonly kind: "acknowledged" }
  /** It was refused, for good. */
  | { readonly kind: "refused"; readonly code: PublishErrorCode }
  /** Too many records in one. */
  | { readonly kind: "too_large" }
  /** The same batch must be sent again, by the same producer, so that the broker knows a repeat. */
  | { readonly kind: "again"; readonly code: PublishErrorCode }
  /** The producer's sequence is no longer the broker's: the batch must be sent by a new producer. */
  | { readonly kind: "renew"; readonly code: PublishErrorCode };

/** The answer to a send did not have every partition that was sent to. */
export class MissingAcknowledgementError extends Error {
  constructor(topic: string, partition: number) {
    super(
      `The brokers' answer does not have partition ${partition} of ${topic}.`,
    );
    this.name = "MissingAcknowledgementError";
  }
}

// https://kafka.apache.org/protocol#protocol_error_codes
const RENEW = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "PRODUCER_FENCED",
]);
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
const NOT_AUTHORIZED = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
]);
const REFUSED = new Set([
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "CORRUPT_MESSAGE",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "POLICY_VIOLATION",
]);
const FEW_REPLICAS = new Set([
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
]);

/** What is to be done about an error of a send. */
export function judge(error: unknown): Verdict {
  if (error instanceof MissingAcknowledgementError) {
    // kafkajs took it for a success and moved its sequence on.
    return { kind: "renew", code: "unacknowledged" };
  }
  const type = protocolErrorOf(error);
  if (type === "DUPLICATE_SEQUENCE_NUMBER") return { kind: "acknowledged" };
  if (type !== undefined && TOO_LARGE.has(type)) return { kind: "too_large" };
  if (type !== undefined && RENEW.has(type)) {
    return { kind: "renew", code: "publish_failed" };
  }
  if (type !== undefined && NOT_AUTHORIZED.has(type)) {
    return { kind: "refused", code: "not_authorized" };
  }
  if (type !== undefined && REFUSED.has(type)) {
    return { kind: "refused", code: "publish_failed" };
  }
  if (type !== undefined && FEW_REPLICAS.has(type)) {
    return { kind: "again", code: "not_enough_replicas" };
  }
  if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
    return { kind: "again", code: "topic_unknown" };
  }
  return { kind: "again", code: "bus_unavailable" };
}

/** The name of the Kafka protocol error that an error of kafkajs stands for. */
export function protocolErrorOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; depth++) {
    if ("type" in at && typeof at.type === "string") return at.type;
    if (at.name === "KafkaJSSASLAuthenticationError") {
      return "SASL_AUTHENTICATION_FAILED";
    }
    at = at.cause;
  }
  return undefined;
}
