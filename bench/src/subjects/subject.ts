import type { SubjectAddress } from "../load/caller.js";

/** What is measured: something that carries calls to a model and back. */
export interface Subject {
  readonly address: SubjectAddress;
  close(): Promise<void>;
}

export interface SubjectWorld {
  /** The fake model's port on the loopback interface, and agent-core's. */
  readonly worldPort: number;
  readonly maxCalls: number;
  /** Call time per time. */
  readonly speed: number;
}

export const subjectNames = [
  "voice-bridge",
  "splice-relay",
  "marking-relay",
  "json-relay",
] as const;
export type SubjectName = (typeof subjectNames)[number];

export const MEDIA_PATH = "/twilio-media";
export const MEDIA_TOKEN = "bench-media-token";
