/** What is measured: something that keeps a conversation for each person, and follows events from Kafka. */
export interface FollowingSubject {
  /** Events that are done with: state written, and what follows from them. */
  handled(): Promise<number>;
  close(): Promise<void>;
}

/** What all of them are given. */
export interface FollowingWorld {
  readonly brokers: readonly string[];
  readonly redisUrl: string;
  /** Answers each call after 20 ms. */
  readonly servicesUrl: string;
  readonly workload: WorkloadName;
}

export const followingSubjectNames = [
  "broker-orchestrator",
  "each-batch",
  "each-message",
] as const;
export type FollowingSubjectName = (typeof followingSubjectNames)[number];

export const workloadNames = ["words", "news", "calls"] as const;
/**
 * `words`: what was said on calls, which changes the conversation and nothing else; `news`: consent, of which the world is
 * told with a record; `calls`: calls that ended, of which another service is told over HTTP.
 */
export type WorkloadName = (typeof workloadNames)[number];

/** The benchmark's parts: each workload; several replicas; many people. */
export const partNames = [...workloadNames, "replicas", "memory"] as const;
export type PartName = (typeof partNames)[number];

/** Where each workload is. */
export const topicOf: Readonly<Record<WorkloadName, string>> = {
  words: "voice.media.events",
  news: "whatsapp.inbound",
  calls: "voice.contact.events",
};

export const TOLD_TOPIC = "broker.outbound";
export const TENANT = "kigali-parts";
export const AGENT = "sales";
export const OUR_NUMBER = "+250780000001";
export const OUR_WHATSAPP = "106540352242922";
export const groupOf = (subject: FollowingSubjectName): string =>
  subject === "broker-orchestrator" ? subject : `bench-${subject}`;
