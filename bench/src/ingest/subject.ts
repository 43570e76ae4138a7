/** What is measured: something that takes call events over HTTP and answers 202 when Kafka has them. */
export interface IngestSubject {
  readonly port: number;
  close(): Promise<void>;
}

/** What all of them are given. */
export interface IngestWorld {
  readonly brokers: readonly string[];
  readonly redisUrl: string;
}

export const ingestSubjectNames = [
  "sip-ingress",
  "send-batched-claimed",
  "send-batched",
  "send-each",
  "send-each-published",
  "express-alone",
] as const;
export type IngestSubjectName = (typeof ingestSubjectNames)[number];

/** What answers 202 and does nothing else: the ceiling of anything that stands on express. */
export const PUBLISHES_NOTHING: IngestSubjectName = "express-alone";

/** Where all others put the events. */
export const EVENTS_TOPIC = "voice.sip.events";
export const EVENTS_PATH = "/sip/events";
export const TENANT = "kigali-parts";
export const TENANT_TOKEN = "kigali-parts-token-of-the-bench";
