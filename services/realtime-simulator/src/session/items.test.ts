import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silence, tone, writeCaption } from "@easymo/telephone-audio";
import type { RealtimeClient } from "../testing/realtime-client.js";
import { telephone, TestSimulator } from "../testing/simulator.js";

let server: TestSimulator;
let client: RealtimeClient;
beforeEach(async () => {
  server = await TestSimulator.start();
  client = await server.connect(telephone);
});
afterEach(() => server.close());

function message(text: string, id?: string) {
  const content = [{ type: "input_text", text }];
  return { type: "message", role: "user", content, ...(id ? { id } : {}) };
}

async function create(item: object, previous_item_id?: string) {
  client.send({ type: "conversation.item.create", item, previous_item_id });
  return client.next("conversation.item.added");
}

function order(): string[] {
  const [session] = server.simulator.sessions();
  return (session?.items ?? []).map((item) => item.id);
}

describe("items of a conversation", () => {
  test("are added and done, with an id of their own or the client's", async () => {
    const added = await create(message("one"));
    expect(added.item.id).toMatch(/^item_/);
    expect((await client.next("conversation.item.done")).item).toEqual(
      added.item,
    );
    expect((await create(message("two", "mine"))).item.id).toBe("mine");
    client.send({
      type: "conversation.item.create",
      item: message("three", "mine"),
    });
    const { error } = await client.next("error");
    expect(error.code).toBe("item_create_duplicate_item_id");
  });

  test("go to the end, behind another, or to the beginning", async () => {
    expect((await create(message("a", "a"))).previous_item_id).toBeNull();
    expect((await create(message("c", "c"))).previous_item_id).toBe("a");
    expect((await create(message("b", "b"), "a")).previous_item_id).toBe("a");
    expect((await create(message("0", "o"), "root")).previous_item_id).toBe(
      null,
    );
    expect(order()).toEqual(["o", "a", "b", "c"]);
  });

  test("are gone once deleted", async () => {
    await create(message("a", "a"));
    await create(message("b", "b"));
    client.send({ type: "conversation.item.delete", item_id: "a" });
    const { item_id } = await client.next("conversation.item.deleted");
    expect(item_id).toBe("a");
    expect(order()).toEqual(["b"]);
  });

  test("that are not the agent's audio cannot be truncated", async () => {
    await create(message("a", "a"));
    client.send({
      type: "conversation.item.truncate",
      item_id: "a",
      content_index: 0,
      audio_end_ms: 0,
    });
    expect((await client.next("error")).error).toMatchObject({
      code: "invalid_value",
      param: "item_id",
    });
  });

  test("may be audio, which is heard like a caller's, and can be retrieved", async () => {
    const audio = writeCaption(tone({ hz: 300, durationMs: 800 }), {
      text: "Au revoir",
      language: "fr",
    });
    const { item } = await create({
      type: "message",
      role: "user",
      content: [{ type: "input_audio", audio: audio.toString("base64") }],
    });
    client.send({ type: "response.create" });
    const { transcript } = await client.next(
      "response.output_audio_transcript.done",
    );
    expect(transcript).toContain("Au revoir");
    client.send({ type: "conversation.item.retrieve", item_id: item.id });
    const retrieved = await client.next("conversation.item.retrieved");
    expect(retrieved.item).toMatchObject({
      content: [{ type: "input_audio", audio: audio.toString("base64") }],
    });
  });

  test("keep the caller's audio, padding included, for whoever retrieves it", async () => {
    const spoken = tone({ hz: 300, durationMs: 600 });
    client.sendAudio(Buffer.concat([silence(500), spoken, silence(520)]));
    const { item } = await client.next("conversation.item.done");
    client.send({ type: "conversation.item.retrieve", item_id: item.id });
    const retrieved = await client.next("conversation.item.retrieved");
    const part =
      retrieved.item.type === "message" ? retrieved.item.content[0] : undefined;
    const audio = Buffer.from(
      part?.type === "input_audio" ? (part.audio ?? "") : "",
      "base64",
    );
    expect(audio.length).toBe((300 + 600 + 500) * 8);
    expect(audio.subarray(300 * 8, 900 * 8).equals(spoken)).toBe(true);
  });

  test("keep only the latest audio, so that an hour of call stays small", async () => {
    const audio = tone({ hz: 300, durationMs: 200 }).toString("base64");
    const content = [{ type: "input_audio", audio }];
    for (let i = 0; i < 12; i++) {
      const id = `item_${i}`;
      await create({ id, type: "message", role: "user", content });
    }
    const has = async (item_id: string) => {
      client.send({ type: "conversation.item.retrieve", item_id });
      const { item } = await client.next("conversation.item.retrieved");
      return JSON.stringify(item).includes(audio);
    };
    expect(await has("item_0")).toBe(false);
    expect(await has("item_11")).toBe(true);
  });
});
