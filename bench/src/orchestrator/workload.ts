import {
  createRecord,
  deriveEventId,
  topicNames,
  type BusRecord,
  type EventDataByType,
} from "@easymo/messaging";
import { AGENT, OUR_NUMBER, TENANT, type WorkloadName } from "./subject.js";

/** Of each record's value. */
const VALUE_BYTES = 400;
const TALKING_AT_ONCE = 2_000;
/** What ended calls cost, as voice-bridge counts it. */
const USAGE = { audioIn: 1_200, audioOut: 2_400 };

/** Events one after the other: of so many people, each with their turns while a few thousand others have theirs. */
export class Workload {
  readonly #name: WorkloadName;
  readonly #turns: number;
  readonly #at = new Date().toISOString();

  /** @param turns events of one person */
  constructor(name: WorkloadName, turns: number) {
    this.#name = name;
    this.#turns = turns;
  }

  record(count: number): BusRecord {
    const round = TALKING_AT_ONCE * this.#turns;
    const person =
      Math.floor(count / round) * TALKING_AT_ONCE + (count % TALKING_AT_ONCE);
    const short = this.#made(count, person, "");
    const missing = VALUE_BYTES - short.value.length;
    return missing > 0 ? this.#made(count, person, "y".repeat(missing)) : short;
  }

  #made(count: number, person: number, filler: string): BusRecord {
    const phone = `+25072${String(1_000_000 + person).padStart(8, "0")}`;
    const around = {
      id: deriveEventId("bench", this.#name, String(count)),
      tenantId: TENANT,
      source: "/bench",
      requestId: `request-${count}`,
    };
    const common = {
      tenantId: TENANT,
      from: phone,
      to: OUR_NUMBER,
      agent: AGENT,
      at: this.#at,
    };
    const callId = `CA${String(person).padStart(32, "0")}`;
    if (this.#name === "words")
      return createRecord(topicNames.voiceMediaEvents, "media.transcript", {
        ...around,
        data: {
          ...common,
          callId,
          role: count % 2 === 0 ? "user" : "assistant",
          text: `I need a front brake cable for a Bajaj Boxer ${filler}`,
          itemId: `item_${count}`,
          interrupted: false,
        },
      });
    if (this.#name === "news")
      return createRecord(topicNames.whatsappInbound, "message.opt_in", {
        ...around,
        data: { ...common, ...consent(phone, count, filler) },
      });
    return createRecord(topicNames.voiceContactEvents, "call.stop", {
      ...around,
      data: {
        ...common,
        callId: `CA${String(count).padStart(32, "0")}`,
        reason: `caller_hangup${filler}`,
        durationMs: 60_000,
        usage: USAGE,
        latency: { turns: 4, p50: 480, p95: 720, max: 900 },
      },
    });
  }
}

function consent(
  phone: string,
  count: number,
  filler: string,
): Pick<
  EventDataByType["message.opt_in"],
  "userId" | "phone" | "via" | "phrase" | "messageId"
> {
  return {
    userId: phone,
    phone,
    via: "text",
    phrase: `START ${filler}`,
    messageId: `wamid.${String(count).padStart(12, "0")}`,
  };
}
