import { z } from "zod";

/**
 * Twilio Media Streams' messages, apart from audio in the usual form.
 * Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */

const start = z.object({
  event: z.literal("start"),
  // Goes into every message to this stream as it stands.
  streamSid: z.string().regex(/^[\w-]{1,64}$/),
  start: z.object({
    callSid: z.string().min(1).max(64),
    streamSid: z.string().min(1).max(64).optional(),
    customParameters: z.record(z.string(), z.string()).default({}),
    mediaFormat: z
      .object({ encoding: z.string(), sampleRate: z.number() })
      .optional(),
  }),
});

const media = z.object({
  event: z.literal("media"),
  media: z.object({
    track: z.string().optional(),
    payload: z.string(),
  }),
});

const mark = z.object({
  event: z.literal("mark"),
  mark: z.object({ name: z.string() }),
});

const dtmf = z.object({
  event: z.literal("dtmf"),
  dtmf: z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) }),
});

const stop = z.object({ event: z.literal("stop") });
const connected = z.object({ event: z.literal("connected") });

const known = z.discriminatedUnion("event", [
  start,
  media,
  mark,
  dtmf,
  stop,
  connected,
]);

export type StreamStart = z.infer<typeof start>;
export type StreamMessage = z.infer<typeof known>;
export type StreamRead =
  | { kind: "message"; message: StreamMessage }
  /** JSON with an event that is not known here: Twilio may add some. */
  | { kind: "unknown_event"; event: string }
  | { kind: "malformed" };

const anyEvent = z.object({ event: z.string() });
const events: ReadonlySet<string> = new Set(
  known.options.map((option) => option.shape.event.value),
);

/** Reads any message; never throws. */
export function readStreamMessage(text: string): StreamRead {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed" };
  }
  const message = known.safeParse(json);
  if (message.success) return { kind: "message", message: message.data };
  const other = anyEvent.safeParse(json);
  if (other.success && !events.has(other.data.event))
    return { kind: "unknown_event", event: other.data.event };
  return { kind: "malformed" };
}
