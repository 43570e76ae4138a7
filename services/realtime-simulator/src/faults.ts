import { validated } from "@easymo/service-kit";
import { z } from "zod";

const times = z.int().min(1).max(1000).default(1);

const fault = z.discriminatedUnion("kind", [
  /** The next upgrade is answered with that HTTP status. */
  z.strictObject({
    kind: z.literal("refuse_connection"),
    status: z.int().min(400).max(599).default(503),
    times,
  }),
  /** The socket dies, without a closing handshake: after connecting, when a response begins, or amid its audio. */
  z.strictObject({
    kind: z.literal("drop_connection"),
    at: z.enum(["connect", "response", "audio"]).default("audio"),
    times,
  }),
  /** The model thinks that much longer. */
  z.strictObject({
    kind: z.literal("delay"),
    delayMs: z.int().min(0).max(600_000),
    times,
  }),
  /** Instead of a response there is an `error` event. */
  z.strictObject({
    kind: z.literal("error_event"),
    code: z.string().default("server_error"),
    message: z
      .string()
      .default("The server had an error while processing your request."),
    times,
  }),
  /** The response ends as `failed`. */
  z.strictObject({
    kind: z.literal("fail_response"),
    code: z.string().default("server_error"),
    message: z
      .string()
      .default("The server had an error while processing your request."),
    times,
  }),
  /** The next text to be said exactly, with a digit in it, is spoken and transcribed with a wrong one. */
  z.strictObject({ kind: z.literal("misheard_digits"), times }),
  /** Something that is no JSON is sent: after connecting, or before a response. */
  z.strictObject({
    kind: z.literal("garbage"),
    at: z.enum(["connect", "response"]).default("response"),
    times,
  }),
  /** Nothing ever comes: not even the upgrade, no `session.created`, or no more of a response than `response.created`. */
  z.strictObject({
    kind: z.literal("never_answer"),
    at: z.enum(["upgrade", "connect", "response"]).default("response"),
    times,
  }),
  /** The session ends as if its time were up, when a response is asked for. */
  z.strictObject({ kind: z.literal("expire_session"), times }),
]);

/** Something that goes wrong, `times` times (once by default). */
export type Fault = z.infer<typeof fault>;
export type FaultInput = z.input<typeof fault>;
export type FaultKind = Fault["kind"];

/** The faults that are waiting for their occasion. */
export class Faults {
  #waiting: Fault[] = [];

  /** Adds a fault; those of a kind happen in the order in which they came. */
  inject(input: FaultInput): Fault {
    return this.injectUnchecked(input);
  }

  /** The same for what came off a wire. @throws Problem 400 naming the field. */
  injectUnchecked(input: unknown): Fault {
    const checked = validated(fault, input, "body");
    this.#waiting.push(checked);
    return checked;
  }

  /** Those that have not happened yet. */
  list(): readonly Fault[] {
    return [...this.#waiting];
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The first waiting fault that `fits`, which by that has happened once. */
  take(fits: (fault: Fault) => boolean): Fault | undefined {
    const at = this.#waiting.findIndex(fits);
    const found = this.#waiting[at];
    if (!found) {
      return undefined;
    }
    const left = found.times - 1;
    this.#waiting = this.#waiting.flatMap((other) =>
      other !== found ? [other] : left > 0 ? [{ ...found, times: left }] : [],
    );
    return found;
  }

  /** Whether a connection goes wrong at that point. */
  atConnection(at: "upgrade" | "connect"): Fault | undefined {
    return this.take((waiting) =>
      at === "upgrade"
        ? waiting.kind === "refuse_connection" ||
          (waiting.kind === "never_answer" && waiting.at === at)
        : "at" in waiting && waiting.at === at,
    );
  }

  /** Whether the response that is asked for now goes wrong. */
  atResponse(): Fault | undefined {
    return this.take((waiting) => {
      switch (waiting.kind) {
        case "refuse_connection":
        case "misheard_digits":
          return false;
        case "drop_connection":
          return waiting.at !== "connect";
        case "garbage":
        case "never_answer":
          return waiting.at === "response";
        case "delay":
        case "error_event":
        case "fail_response":
        case "expire_session":
          return true;
      }
    });
  }

  /** The text as it is really spoken. */
  mishear(text: string): string {
    const misheard = withWrongDigit(text);
    return misheard !== text &&
      this.take((waiting) => waiting.kind === "misheard_digits")
      ? misheard
      : text;
  }
}

const DIGIT_WORDS: readonly (readonly string[])[] = [
  "zero one two three four five six seven eight nine".split(" "),
  "zéro un deux trois quatre cinq six sept huit neuf".split(" "),
  "zeru rimwe kabiri gatatu kane gatanu gatandatu karindwi umunani icyenda".split(
    " ",
  ),
  "sifuri moja mbili tatu nne tano sita saba nane tisa".split(" "),
];

/** One digit becomes its successor, be it written as a figure or as a word. */
export function withWrongDigit(text: string): string {
  if (/\d/.test(text)) {
    return text.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
  }
  let done = false;
  return text.replace(/\p{L}+/gu, (word) => {
    const words = DIGIT_WORDS.find((list) => list.includes(word.toLowerCase()));
    if (done || !words) {
      return word;
    }
    done = true;
    const at = words.indexOf(word.toLowerCase());
    return words[(at + 1) % words.length] ?? word;
  });
}
