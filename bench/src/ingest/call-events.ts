import { randomBytes } from "node:crypto";
import { EVENTS_PATH, TENANT_TOKEN } from "./subject.js";

const EVENTS_PER_CALL = 4;
const DESKS = 20;
const KIND = ["ringing", "audio", "dtmf", "audio"] as const;

/**
 * Requests as a SIP proxy sends them: one event each, four events a call, each call from another number to one of a few
 * desks; every event with a key of its own. All are of one length, so that the generator has little to do.
 */
export class CallEvents {
  readonly #run = randomBytes(4).toString("hex");
  readonly #at = new Date().toISOString();
  readonly #head: string;
  #count = 0;

  constructor() {
    const length = this.#body(0).length;
    this.#head = [
      `POST ${EVENTS_PATH} HTTP/1.1`,
      "host: bench.example",
      "user-agent: bench",
      `authorization: Bearer ${TENANT_TOKEN}`,
      "content-type: application/json",
      `content-length: ${length}`,
      "\r\n",
    ].join("\r\n");
  }

  /** The next request, whole. */
  next(): string {
    return this.#head + this.#body(this.#count++);
  }

  #body(count: number): string {
    const call = Math.floor(count / EVENTS_PER_CALL);
    const step = count % EVENTS_PER_CALL;
    const callId = `${this.#run}-${String(call).padStart(9, "0")}@sbc.example`;
    const caller = `+25078${String(1_000_000 + (call % 9_000_000))}`;
    const desk = `sip:desk${String(call % DESKS).padStart(2, "0")}@kigali.example`;
    const kind = (KIND[step] ?? "audio").padEnd(7).trimEnd();
    const filler = "x".repeat(16 - kind.length);
    return `{"callId":"${callId}","event":"${kind}","timestamp":"${this.#at}","from":"${caller}","to":"${desk}","payload":{"leg":"a","note":"${filler}"},"idempotencyKey":"${callId}-${step}"}`;
  }
}
