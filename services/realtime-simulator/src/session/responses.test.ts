import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mulawDurationMs, toneVoice } from "@easymo/telephone-audio";
import type { ReceivedEvent } from "../protocol/server-events.js";
import type { RealtimeClient } from "../testing/realtime-client.js";
import { telephone, TestSimulator } from "../testing/simulator.js";

let server: TestSimulator;
beforeEach(async () => {
  server = await TestSimulator.start();
});
afterEach(() => server.close());

function exactly(text: string) {
  return { instructions: `Say exactly: "${text}"` };
}

async function respond(
  client: RealtimeClient,
  response: object = {},
): Promise<ReceivedEvent<"response.done">["response"]> {
  client.send({ type: "response.create", response });
  const done = await client.next("response.done");
  return done.response;
}

function say(client: RealtimeClient, text: string): void {
  client.send({
    type: "conversation.item.create",
    item: {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text }],
    },
  });
}

function audioOf(client: RealtimeClient): Buffer {
  return Buffer.concat(
    client
      .all("response.output_audio.delta")
      .map((event) => Buffer.from(event.delta, "base64")),
  );
}

function ordered(types: readonly string[]): string[] {
  return types.filter((type, i) => type !== types[i - 1]);
}

describe("a spoken response", () => {
  test("comes in the order of the real one", async () => {
    const client = await server.connect(telephone);
    await respond(client, exactly("Hello."));
    expect(ordered(client.types("response.created"))).toEqual([
      "response.created",
      "rate_limits.updated",
      "response.output_item.added",
      "conversation.item.added",
      "response.content_part.added",
      "response.output_audio_transcript.delta",
      "response.output_audio.delta",
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ]);
  });

  test("is the voice's audio byte for byte, in deltas of 300 ms, with its words", async () => {
    const client = await server.connect(telephone);
    const text = "Dial star, one, eight, two.\nThen your PIN.";
    const response = await respond(client, exactly(text));
    const expected = await toneVoice.speak(text, "en");
    expect(audioOf(client).equals(expected)).toBe(true);
    const deltas = client.all("response.output_audio.delta");
    const sizes = deltas.map((e) => Buffer.from(e.delta, "base64").length);
    expect(new Set(sizes.slice(0, -1))).toEqual(new Set([2400]));
    const words = client.all("response.output_audio_transcript.delta");
    expect(words.map((e) => e.delta).join("")).toBe(text);
    expect(words.length).toBeGreaterThan(2);
    expect(response.output).toMatchObject([
      {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_audio", transcript: text }],
      },
    ]);
    expect(response).toMatchObject({
      status: "completed",
      status_details: { type: "completed" },
      audio: { output: { format: { type: "audio/pcmu" }, voice: "alloy" } },
    });
  });

  test("may be had as PCM at 24 kHz", async () => {
    const client = await server.connect();
    await respond(client, exactly("Hello there."));
    const mulaw = await toneVoice.speak("Hello there.", "en");
    expect(audioOf(client)).toHaveLength(mulaw.length * 6);
  });

  test("is cut off where its tokens end", async () => {
    const client = await server.connect(telephone);
    const response = await respond(client, {
      ...exactly("One two three four five six seven eight nine ten."),
      max_output_tokens: 20,
    });
    expect(response).toMatchObject({
      status: "incomplete",
      status_details: { type: "incomplete", reason: "max_output_tokens" },
      output: [{ status: "incomplete" }],
    });
    expect(response.usage?.output_tokens).toBeLessThanOrEqual(21);
    expect(mulawDurationMs(audioOf(client).length)).toBeLessThan(1000);
  });
});

describe("a written response", () => {
  test("has text and no audio", async () => {
    const client = await server.connect({
      ...telephone,
      output_modalities: ["text"],
    });
    const response = await respond(
      client,
      exactly("Hello, how are you today?"),
    );
    expect(response.output).toMatchObject([
      { content: [{ type: "output_text", text: "Hello, how are you today?" }] },
    ]);
    expect(response.usage?.output_token_details.audio_tokens).toBe(0);
    const types = ordered(client.types("response.content_part.added"));
    expect(types).toEqual([
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ]);
  });

  test("may be asked for once, and leaves the session speaking", async () => {
    const client = await server.connect(telephone);
    await respond(client, { output_modalities: ["text"] });
    expect(audioOf(client)).toHaveLength(0);
    await respond(client);
    expect(audioOf(client).length).toBeGreaterThan(0);
  });
});

describe("beside the conversation", () => {
  test("a response leaves no trace in it, and carries its metadata", async () => {
    const client = await server.connect(telephone);
    const response = await respond(client, {
      ...exactly("Aside."),
      conversation: "none",
      metadata: { purpose: "check" },
    });
    expect(response).toMatchObject({
      conversation_id: null,
      metadata: { purpose: "check" },
    });
    expect(client.types()).not.toContain("conversation.item.added");
    expect(server.simulator.sessions()[0]?.items).toEqual([]);
  });

  test("a response sees only the input that it is given", async () => {
    const client = await server.connect(telephone);
    say(client, "I want to pay");
    const { item } = await client.next("conversation.item.done");
    const inputText = (text: string) => ({
      type: "message",
      role: "user",
      content: [{ type: "input_text", text }],
    });
    const words = (response: ReceivedEvent<"response.done">["response"]) =>
      JSON.stringify(response.output);
    const aside = { conversation: "none", output_modalities: ["text"] };
    const own = await respond(client, {
      ...aside,
      input: [inputText("Au revoir")],
    });
    expect(words(own)).toContain("Au revoir");
    const referred = await respond(client, {
      ...aside,
      input: [{ type: "item_reference", id: item.id }],
    });
    expect(words(referred)).toContain("How much");
    const cleared = await respond(client, { ...aside, input: [] });
    expect(words(cleared)).not.toContain("How much");
  });
});

describe("usage", () => {
  test("adds up, by kind, and grows with the conversation", async () => {
    const client = await server.connect({
      ...telephone,
      instructions: "You sell parts in Kigali.",
    });
    const usages = [];
    for (const text of ["Hello", "How much is a chain?", "Goodbye"]) {
      say(client, text);
      const { usage } = await respond(client);
      if (!usage) {
        throw new Error("a finished response has its usage");
      }
      usages.push(usage);
      const { input_token_details: input, output_token_details: output } =
        usage;
      expect(usage.input_tokens).toBe(input.text_tokens + input.audio_tokens);
      expect(usage.output_tokens).toBe(
        output.text_tokens + output.audio_tokens,
      );
      expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
      const cached = input.cached_tokens_details;
      expect(input.cached_tokens).toBe(
        cached.text_tokens + cached.audio_tokens,
      );
      expect(cached.audio_tokens).toBeLessThanOrEqual(input.audio_tokens);
      expect(output.audio_tokens).toBeGreaterThan(0);
    }
    const [first, second, third] = usages;
    expect(first?.input_token_details.cached_tokens).toBe(0);
    expect(second?.input_token_details.cached_tokens).toBe(first?.input_tokens);
    expect(third?.input_tokens).toBeGreaterThan(second?.input_tokens ?? 0);
  });

  test("counts a token for 50 ms that were spoken", async () => {
    const client = await server.connect(telephone);
    const { usage } = await respond(client, exactly("Hello there."));
    const spokenMs = mulawDurationMs(audioOf(client).length);
    expect(usage?.output_token_details).toEqual({
      audio_tokens: Math.ceil(spokenMs / 50),
      text_tokens: 3,
    });
  });
});
