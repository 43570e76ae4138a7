import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { silence, tone } from "@easymo/telephone-audio";
import { telephone, TestSimulator } from "../testing/simulator.js";

const LONG = {
  type: "response.create",
  response: {
    instructions:
      'Say exactly: "One two three four five six seven eight nine ten eleven."',
  },
};
const speech = tone({ hz: 300, durationMs: 400 });

let clock: ManualClock;
let server: TestSimulator;
beforeEach(async () => {
  clock = new ManualClock();
  server = await TestSimulator.start({ clock, thinkMs: 150, speed: 5 });
});
afterEach(() => server.close());

/** A client to which the first 300 ms of a longer answer have been spoken. */
async function midSentence(session: object = telephone) {
  const client = await server.connect({ ...session });
  client.send(LONG);
  await client.next("response.created");
  await clock.advanceAsync(150);
  const { item_id } = await client.next("response.output_audio.delta");
  return { client, itemId: item_id };
}

describe("the model's pace", () => {
  test("is 150 ms of thought, then 300 ms of audio every 60 ms", async () => {
    const client = await server.connect(telephone);
    client.send(LONG);
    await client.next("response.created");
    await clock.advanceAsync(149);
    await client.settled();
    expect(client.all("response.output_audio.delta")).toHaveLength(0);
    await clock.advanceAsync(1);
    await client.settled();
    expect(client.all("response.output_audio.delta")).toHaveLength(1);
    await clock.advanceAsync(59);
    await client.settled();
    expect(client.all("response.output_audio.delta")).toHaveLength(1);
    await clock.advanceAsync(61);
    await client.settled();
    expect(client.all("response.output_audio.delta")).toHaveLength(3);
  });
});

describe("a response in progress", () => {
  test("excludes a second one in the conversation, and not one beside it", async () => {
    const { client } = await midSentence();
    client.send({ ...LONG, event_id: "second" });
    const { error } = await client.next("error");
    expect(error).toMatchObject({
      code: "conversation_already_has_active_response",
      event_id: "second",
    });
    client.send({
      type: "response.create",
      response: { conversation: "none", metadata: { which: "aside" } },
    });
    const { response } = await client.next("response.created");
    expect(response.metadata).toEqual({ which: "aside" });
  });

  test("is cancelled by the client: what was said stays, incomplete", async () => {
    const { client } = await midSentence();
    client.send({ type: "response.cancel" });
    const { response } = await client.next("response.done");
    expect(response).toMatchObject({
      status: "cancelled",
      status_details: { type: "cancelled", reason: "client_cancelled" },
      output: [{ status: "incomplete" }],
    });
    expect(client.types("response.output_audio.done")).toEqual([
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ]);
    await clock.advanceAsync(5000);
    await client.settled();
    expect(client.all("response.output_audio.delta")).toHaveLength(1);
    expect(client.all("response.done")).toHaveLength(1);
  });

  test("is cancelled before its first word, too", async () => {
    const client = await server.connect(telephone);
    client.send(LONG);
    await client.next("response.created");
    client.send({ type: "response.cancel" });
    const { response } = await client.next("response.done");
    expect(response).toMatchObject({ status: "cancelled", output: [] });
    await clock.advanceAsync(5000);
    await client.settled();
    expect(client.types()).not.toContain("response.output_item.added");
  });

  test("ends as soon as the caller speaks", async () => {
    const { client } = await midSentence();
    client.sendAudio(speech);
    await client.next("input_audio_buffer.speech_started");
    const { response } = await client.next("response.done");
    expect(response.status_details).toEqual({
      type: "cancelled",
      reason: "turn_detected",
    });
    client.sendAudio(silence(600));
    const { item } = await client.next("conversation.item.added");
    expect(item).toMatchObject({ role: "user" });
    const { response: next } = await client.next("response.created");
    expect(next.status).toBe("in_progress");
  });

  test("goes on while the caller speaks, when it may not be interrupted; the answer to that fails", async () => {
    const { client } = await midSentence({
      audio: {
        ...telephone.audio,
        input: {
          ...telephone.audio.input,
          turn_detection: { type: "server_vad", interrupt_response: false },
        },
      },
    });
    client.sendAudio(Buffer.concat([speech, silence(600)]));
    await client.next("input_audio_buffer.committed");
    const { error } = await client.next("error");
    expect(error).toMatchObject({
      code: "conversation_already_has_active_response",
      event_id: null,
    });
    await clock.advanceAsync(5000);
    expect((await client.next("response.done")).response.status).toBe(
      "completed",
    );
  });

  test("is truncated at what was heard, never beyond what was sent", async () => {
    const { client, itemId } = await midSentence();
    client.send({ type: "response.cancel" });
    await client.next("response.done");
    const truncateAt = (audio_end_ms: number) =>
      client.send({
        type: "conversation.item.truncate",
        item_id: itemId,
        content_index: 0,
        audio_end_ms,
      });
    truncateAt(301);
    const { error } = await client.next("error");
    expect(error).toMatchObject({
      type: "invalid_request_error",
      code: "invalid_value",
      message: "Audio content of 300ms is already shorter than 301ms",
    });
    truncateAt(120);
    expect(await client.next("conversation.item.truncated")).toMatchObject({
      item_id: itemId,
      content_index: 0,
      audio_end_ms: 120,
    });
    client.send({ type: "conversation.item.retrieve", item_id: itemId });
    const { item } = await client.next("conversation.item.retrieved");
    expect(item).toMatchObject({
      content: [{ type: "output_audio", transcript: null }],
    });
    const audio =
      item.type === "message" && item.content[0]?.type === "output_audio"
        ? item.content[0].audio
        : undefined;
    expect(Buffer.from(audio ?? "", "base64")).toHaveLength(120 * 8);
    truncateAt(200);
    expect((await client.next("error")).error.message).toBe(
      "Audio content of 120ms is already shorter than 200ms",
    );
  });
});

describe("a session's end", () => {
  test("comes after 60 minutes: an error, then the close of the real service", async () => {
    const client = await server.connect();
    await clock.advanceAsync(60 * 60_000 - 1);
    await client.settled();
    await clock.advanceAsync(1);
    const { error } = await client.next("error");
    const message = "Your session hit the maximum duration of 60 minutes.";
    expect(error).toEqual({
      type: "invalid_request_error",
      code: "session_expired",
      message,
      param: null,
      event_id: null,
    });
    expect(await client.closed).toEqual({ code: 1001, reason: message });
  });

  test("comes sooner when so configured, amid a response too", async () => {
    const short = await TestSimulator.start({
      clock,
      sessionMaxMs: 30_000,
      thinkMs: 60_000,
    });
    try {
      const client = await short.connect();
      client.send({ type: "response.create" });
      await client.next("response.created");
      await clock.advanceAsync(30_000);
      expect((await client.next("error")).error.message).toContain(
        "0.5 minutes",
      );
      await client.closed;
      await clock.advanceAsync(60_000);
      expect(client.types().at(-1)).toBe("error");
    } finally {
      await short.close();
    }
  });
});
