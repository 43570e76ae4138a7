import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";
import type {
  ConversationItem as SdkItem,
  RealtimeClientEvent,
  RealtimeServerEvent,
} from "openai/resources/realtime/realtime";
import { TestSimulator } from "../testing/simulator.js";
import type { FunctionCallItem, FunctionCallOutputItem } from "./items.js";
import type { ReceivedEvent, ServerEventType } from "./server-events.js";

/** As JSON brings it: nothing read-only, nothing undefined. The SDK's types do not say what is null while it is off. */
type Wire<T> = T extends { readonly object: "realtime.item" }
  ? SdkItem
  : T extends readonly (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { -readonly [K in keyof T]: Wire<Exclude<T[K], undefined | null>> }
      : T;
type Ours = { [T in ServerEventType]: Wire<ReceivedEvent<T>> }[ServerEventType];

/** Compiles only while each event that the simulator sends is one that OpenAI's own SDK knows, field by field. */
function asSdkEvent(event: Ours): RealtimeServerEvent {
  return event;
}

/** The same for items; a message has the parts of its role, which the types here leave open. */
function asSdkItem(item: FunctionCallItem | FunctionCallOutputItem): SdkItem {
  return item;
}

let server: TestSimulator;
beforeAll(async () => {
  server = await TestSimulator.start();
});
afterAll(() => server.close());

describe("OpenAI's own client", () => {
  test("holds a conversation with the simulator", async () => {
    const port = Number(new URL(server.url).port);
    const openai = new OpenAI({
      apiKey: "any",
      baseURL: `${server.url}/v1`,
    });
    // The SDK knows wss: alone; here it is without TLS.
    const realtime = new OpenAIRealtimeWS(
      {
        model: "gpt-realtime",
        options: { createConnection: () => connect(port, "127.0.0.1") },
      },
      openai,
    );
    const seen: string[] = [];
    const done = new Promise<void>((resolve, reject) => {
      realtime.on("error", reject);
      realtime.on("event", (event) => seen.push(event.type));
      realtime.on("response.done", () => resolve());
      realtime.on("session.created", () => {
        const events: RealtimeClientEvent[] = [
          {
            type: "session.update",
            session: {
              type: "realtime",
              instructions: "Greeting: Muraho.",
              audio: {
                input: {
                  format: { type: "audio/pcmu" },
                  turn_detection: { type: "server_vad", threshold: 0.6 },
                  transcription: { model: "gpt-4o-transcribe" },
                },
                output: { format: { type: "audio/pcmu" }, voice: "marin" },
              },
            },
          },
          { type: "response.create" },
        ];
        events.forEach((event) => realtime.send(event));
      });
    });
    await done;
    realtime.close();
    expect(seen).toContain("session.updated");
    expect(seen).toContain("response.output_audio.delta");
    expect(seen.at(-1)).toBe("response.done");
  });

  test("knows every event and item that the simulator sends", () => {
    const event = {
      type: "input_audio_buffer.cleared",
      event_id: "event_1",
    } as const;
    expect(asSdkEvent(event)).toBe(event);
    const output: FunctionCallOutputItem = {
      id: "item_1",
      object: "realtime.item",
      type: "function_call_output",
      status: "completed",
      call_id: "call_1",
      output: "{}",
    };
    expect(asSdkItem(output)).toBe(output);
  });
});
