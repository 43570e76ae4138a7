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
] as const;
export type IngestSubjectName = (typeof ingestSubjectNames)[number];

/** Where all of them put the events. */
export const EVENTS_TOPIC = "voice.sip.events";
export const EVENTS_PATH = "/sip/events";
export const TENANT = "kigali-parts";
export const TENANT_TOKEN = "kigali-parts-token-of-the-bench";
