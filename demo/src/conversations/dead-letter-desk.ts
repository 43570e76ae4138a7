import type { DeadLetter, DeadLetters } from "@easymo/broker-orchestrator";
import { type Bus, topicNames } from "@easymo/messaging";
import { z } from "zod";
import type { DeadLetterNote } from "../../console/src/conversations/wire.js";

/** Which dead letters are to be handled again, or dropped. */
export const letterOrder = z.strictObject({
  what: z.enum(["replay", "drop"]),
  id: z.string().regex(/^\d+-\d+$/, "is no partition and offset"),
});
export type LetterOrder = z.infer<typeof letterOrder>;

/** Records that consumers gave up on, and what is done about them. */
export class DeadLetterDesk {
  readonly #letters: DeadLetters;
  readonly #bus: Bus;

  constructor(letters: DeadLetters, bus: Bus) {
    this.#letters = letters;
    this.#bus = bus;
  }

  async read(): Promise<DeadLetterNote[]> {
    return (await this.#letters.list()).map(noteOf);
  }

  /** What came of it, in a sentence. */
  async settle({ what, id }: LetterOrder): Promise<string> {
    const [settled] = await this.#letters[what]({ ids: [id] });
    const outcome = settled?.outcome;
    switch (outcome?.kind) {
      case "replayed":
        return `It is on ${outcome.topic} again.`;
      case "dropped":
        return "It was dropped.";
      case "refused":
        return `It stays: ${outcome.reason}.`;
      default:
        return "It is not among the dead letters any more.";
    }
  }

  /** Puts a record that nobody can read where messages arrive. */
  async poison(): Promise<void> {
    await this.#bus.publish([
      {
        topic: topicNames.whatsappInbound,
        key: "kigali-parts:poison",
        value: Buffer.from("This is no JSON."),
        headers: { ce_type: "message.received" },
      },
    ]);
  }
}

function noteOf(letter: DeadLetter): DeadLetterNote {
  return {
    id: letter.id,
    failedAtMs: letter.failedAtMs,
    topic: letter.originTopic ?? "",
    group: letter.group ?? "",
    type: letter.eventType ?? "",
    attempts: letter.attempts,
    reason: letter.reason,
    error: letter.error,
  };
}
