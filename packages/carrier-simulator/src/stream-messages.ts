import { z } from "zod";

/** What a stream's server may send to the carrier. */
export type ServerMessage =
  | { readonly event: "media"; readonly audio: Buffer }
  | { readonly event: "mark"; readonly name: string }
  | { readonly event: "clear" };

// "The message was missing required fields, included unexpected fields, …"
// (warning 31951): hence strict objects.
const schema = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("media"),
    streamSid: z.string(),
    media: z.strictObject({ payload: z.base64() }),
  }),
  z.strictObject({
    event: z.literal("mark"),
    streamSid: z.string(),
    mark: z.strictObject({ name: z.string().min(1) }),
  }),
  z.strictObject({ event: z.literal("clear"), streamSid: z.string() }),
]);

/**
 * Reads what a stream's server sends. Frames of the usual shape are sliced
 * rather than parsed, so that a benchmark measures the server.
 */
export class ServerMessageReader {
  readonly #streamSid: string;
  readonly #mediaPrefix: string;

  constructor(streamSid: string) {
    this.#streamSid = streamSid;
    this.#mediaPrefix = `{"event":"media","streamSid":"${streamSid}","media":{"payload":"`;
  }

  /** The message, or a sentence saying what is wrong with it. */
  read(text: string): ServerMessage | string {
    if (text.startsWith(this.#mediaPrefix) && text.endsWith('"}}')) {
      const payload = text.slice(this.#mediaPrefix.length, -3);
      if (BASE64.test(payload)) {
        return { event: "media", audio: Buffer.from(payload, "base64") };
      }
    }
    return this.#parse(text);
  }

  #parse(text: string): ServerMessage | string {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return "it is not JSON";
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) return z.prettifyError(parsed.error);
    const message = parsed.data;
    if (message.streamSid !== this.#streamSid) {
      return `its streamSid is not ${this.#streamSid}`;
    }
    switch (message.event) {
      case "media":
        return {
          event: "media",
          audio: Buffer.from(message.media.payload, "base64"),
        };
      case "mark":
        return { event: "mark", name: message.mark.name };
      case "clear":
        return { event: "clear" };
    }
  }
}

const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
