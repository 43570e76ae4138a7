import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { silence, tone, writeCaption } from "@easymo/telephone-audio";
import type { RealtimeClient } from "../testing/realtime-client.js";
import { telephone, TestSimulator } from "../testing/simulator.js";

let clock: ManualClock;
let server: TestSimulator;
beforeEach(async () => {
  clock = new ManualClock();
  server = await TestSimulator.start({ clock });
});
afterEach(() => server.close());

function spoken(text: string, language: string): Buffer {
  return writeCaption(tone({ hz: 300, durationMs: 900 }), { text, language });
}

/** Speech as a caller's telephone sends it, silence around it included. */
function utterance(text: string, language: string): Buffer {
  return Buffer.concat([silence(400), spoken(text, language), silence(600)]);
}

function withDetection(turn_detection: object | null) {
  const { audio } = telephone;
  return { audio: { ...audio, input: { ...audio.input, turn_detection } } };
}

/** Lets the model think, speak and transcribe. */
async function answered(client: RealtimeClient): Promise<string> {
  await client.next("response.created");
  await clock.advanceAsync(100);
  const { response } = await client.next("response.done");
  const item = response.output[0];
  const part = item?.type === "message" ? item.content[0] : undefined;
  return part?.type === "output_audio" ? (part.transcript ?? "") : "";
}

describe("a caller's turn", () => {
  test("is heard, committed, answered and transcribed, in the order of the real one", async () => {
    const client = await server.connect(telephone);
    client.sendAudio(utterance("Muraho", "rw"));
    const answer = await answered(client);
    expect(answer).toContain("Muraho");
    const { transcript } = await client.next(
      "conversation.item.input_audio_transcription.completed",
    );
    expect(transcript).toBe("Muraho");
    const types = client.types("input_audio_buffer.speech_started");
    expect(types.slice(0, 7)).toEqual([
      "input_audio_buffer.speech_started",
      "input_audio_buffer.speech_stopped",
      "input_audio_buffer.committed",
      "conversation.item.added",
      "conversation.item.done",
      "response.created",
      "rate_limits.updated",
    ]);
    expect(types).toContain(
      "conversation.item.input_audio_transcription.delta",
    );
  });

  test("has one item id throughout, and the times of the audio itself", async () => {
    const client = await server.connect(telephone);
    client.sendAudio(utterance("Muraho", "rw"));
    const started = await client.next("input_audio_buffer.speech_started");
    const stopped = await client.next("input_audio_buffer.speech_stopped");
    const committed = await client.next("input_audio_buffer.committed");
    const added = await client.next("conversation.item.added");
    expect(started.audio_start_ms).toBe(100);
    expect(stopped.audio_end_ms).toBe(1800);
    const ids = [started, stopped, committed].map((event) => event.item_id);
    expect(new Set([...ids, added.item.id]).size).toBe(1);
    expect(added).toMatchObject({
      previous_item_id: null,
      item: {
        role: "user",
        status: "completed",
        content: [{ type: "input_audio", transcript: null }],
      },
    });
  });

  test("follows the one before it: items are chained", async () => {
    const client = await server.connect(telephone);
    client.sendAudio(utterance("Hello", "en"));
    await answered(client);
    const reply = client.all("conversation.item.added").at(-1)?.item.id;
    client.sendAudio(utterance("Goodbye", "en"));
    const { previous_item_id } = await client.next(
      "input_audio_buffer.committed",
    );
    expect(previous_item_id).toBe(reply);
  });

  test("of an unknown voice is answered honestly, and transcribed as its length", async () => {
    const client = await server.connect(telephone);
    const voice = tone({ hz: 200, durationMs: 2300 });
    client.sendAudio(Buffer.concat([voice, silence(600)]));
    const answer = await answered(client);
    expect(answer).toContain("2.3 seconds");
    expect(answer).toContain("OPENAI_API_KEY");
    const completed = await client.next(
      "conversation.item.input_audio_transcription.completed",
    );
    expect(completed.transcript).toBe("[2.3 s of speech]");
    expect(completed.usage).toMatchObject({ type: "tokens", input_tokens: 28 });
  });

  test("is not transcribed unless that was asked for", async () => {
    const client = await server.connect({
      audio: { input: { format: { type: "audio/pcmu" } } },
    });
    client.sendAudio(utterance("Hello", "en"));
    await answered(client);
    await clock.advanceAsync(1000);
    await client.settled();
    expect(client.types().join()).not.toContain("transcription");
  });

  test("ends by the wall clock when the caller's line stops sending", async () => {
    const client = await server.connect(telephone);
    client.sendAudio(spoken("Hello", "en"));
    await client.next("input_audio_buffer.speech_started");
    await client.settled();
    await clock.advanceAsync(1_499);
    await client.settled();
    expect(client.types()).not.toContain("input_audio_buffer.speech_stopped");
    await clock.advanceAsync(1);
    await client.next("input_audio_buffer.speech_stopped");
    expect(await answered(client)).toContain("Hello");
  });

  test("is only announced when the session does not want it answered", async () => {
    const client = await server.connect(
      withDetection({ type: "server_vad", create_response: false }),
    );
    client.sendAudio(utterance("Hello", "en"));
    await client.next("conversation.item.done");
    await client.settled();
    expect(client.types()).not.toContain("response.created");
    client.send({ type: "response.create" });
    expect(await answered(client)).toContain("Hello");
  });

  test("ends later the less eager the session is", async () => {
    const client = await server.connect(
      withDetection({ type: "semantic_vad", eagerness: "low" }),
    );
    client.sendAudio(Buffer.concat([spoken("Hello", "en"), silence(1480)]));
    await client.settled();
    expect(client.types()).not.toContain("input_audio_buffer.speech_stopped");
    client.sendAudio(silence(40));
    await client.next("input_audio_buffer.speech_stopped");
  });
});

describe("without turn detection", () => {
  test("nothing is heard until it is committed, and nothing is answered until it is asked for", async () => {
    const client = await server.connect(withDetection(null));
    client.sendAudio(utterance("How much is a chain?", "en"));
    await client.settled();
    expect(client.types().join()).not.toContain("speech_started");
    client.send({ type: "input_audio_buffer.commit" });
    await client.next("input_audio_buffer.committed");
    await client.next("conversation.item.done");
    await client.settled();
    expect(client.types()).not.toContain("response.created");
    client.send({ type: "response.create" });
    expect(await answered(client)).toContain("price");
  });

  test("a cleared buffer is empty, and a short one is as good as that", async () => {
    const client = await server.connect(withDetection(null));
    client.sendAudio(utterance("Hello", "en"));
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    client.sendAudio(silence(60));
    client.send({ type: "input_audio_buffer.commit" });
    const { error } = await client.next("error");
    expect(error.code).toBe("input_audio_buffer_commit_empty");
    expect(error.message).toContain("only has 60.00ms");
  });
});

describe("an idle timeout", () => {
  test("prompts a caller who is silent after the agent's words have been played", async () => {
    const client = await server.connect(
      withDetection({ type: "server_vad", idle_timeout_ms: 5000 }),
    );
    client.sendAudio(silence(200));
    client.send({ type: "response.create" });
    await answered(client);
    const spokenMs =
      client
        .all("response.output_audio.delta")
        .reduce((sum, e) => sum + Buffer.from(e.delta, "base64").length, 0) / 8;
    await clock.advanceAsync(spokenMs + 4800);
    await client.settled();
    expect(client.types()).not.toContain(
      "input_audio_buffer.timeout_triggered",
    );
    await clock.advanceAsync(200);
    await client.next("input_audio_buffer.timeout_triggered");
    await client.next("input_audio_buffer.committed");
    expect(await answered(client)).toContain("still there");
  });

  test("does not prompt a caller who has spoken", async () => {
    const client = await server.connect(
      withDetection({ type: "server_vad", idle_timeout_ms: 5000 }),
    );
    client.send({ type: "response.create" });
    await answered(client);
    client.sendAudio(tone({ hz: 300, durationMs: 300 }));
    await client.next("input_audio_buffer.speech_started");
    client.sendAudio(silence(60));
    client.send({
      type: "session.update",
      session: { type: "realtime", ...withDetection(null) },
    });
    await client.next("session.updated");
    await clock.advanceAsync(60_000);
    await client.settled();
    expect(client.types()).not.toContain(
      "input_audio_buffer.timeout_triggered",
    );
  });
});
