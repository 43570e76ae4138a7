import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { RealtimeClient } from "../testing/realtime-client.js";
import { telephone, TestSimulator } from "../testing/simulator.js";

let server: TestSimulator;
let client: RealtimeClient;
beforeAll(async () => {
  server = await TestSimulator.start();
  client = await server.connect(telephone);
});
afterAll(() => server.close());

async function refusalOf(event: object) {
  client.send({ event_id: "mine", ...event });
  const { error } = await client.next("error");
  return error;
}

function update(session: object) {
  return { type: "session.update", session: { type: "realtime", ...session } };
}

function updateInput(input: object) {
  return update({ audio: { input } });
}

function create(item: object) {
  return { type: "conversation.item.create", item };
}

describe("the protocol is strict", () => {
  test.each<[string, object, string, string | null]>([
    ["an event without a type", {}, "missing_required_parameter", "type"],
    ["an unknown event", { type: "response.pause" }, "invalid_value", "type"],
    [
      "a beta event name",
      { type: "transcription_session.update" },
      "invalid_value",
      "type",
    ],
    [
      "an unknown parameter of an event",
      { type: "input_audio_buffer.clear", now: true },
      "unknown_parameter",
      "now",
    ],
    [
      "a session without a type",
      { type: "session.update", session: {} },
      "missing_required_parameter",
      "session.type",
    ],
    [
      "a session update without a session",
      { type: "session.update" },
      "missing_required_parameter",
      "session",
    ],
    [
      "a transcription session",
      { type: "session.update", session: { type: "transcription" } },
      "invalid_value",
      "session.type",
    ],
    [
      "a field of the beta",
      update({ voice: "alloy" }),
      "unknown_parameter",
      "session.voice",
    ],
    [
      "an unknown field within",
      updateInput({ turn_detection: { type: "server_vad", agressive: true } }),
      "unknown_parameter",
      "session.audio.input.turn_detection.agressive",
    ],
    [
      "a number as instructions",
      update({ instructions: 5 }),
      "invalid_type",
      "session.instructions",
    ],
    [
      "both modalities at once",
      update({ output_modalities: ["text", "audio"] }),
      "invalid_value",
      "session.output_modalities",
    ],
    [
      "an unknown modality",
      update({ output_modalities: ["video"] }),
      "invalid_value",
      "session.output_modalities[0]",
    ],
    [
      "an unknown format",
      updateInput({ format: { type: "g711_ulaw" } }),
      "invalid_value",
      "session.audio.input.format.type",
    ],
    [
      "a format by its name alone",
      updateInput({ format: "audio/pcmu" }),
      "invalid_type",
      "session.audio.input.format",
    ],
    [
      "another sampling rate",
      updateInput({ format: { type: "audio/pcm", rate: 16_000 } }),
      "invalid_value",
      "session.audio.input.format.rate",
    ],
    [
      "an unknown voice",
      update({ audio: { output: { voice: "yoda" } } }),
      "invalid_value",
      "session.audio.output.voice",
    ],
    [
      "a threshold above 1",
      updateInput({ turn_detection: { type: "server_vad", threshold: 2 } }),
      "decimal_above_max_value",
      "session.audio.input.turn_detection.threshold",
    ],
    [
      "an idle timeout that is too short",
      updateInput({
        turn_detection: { type: "server_vad", idle_timeout_ms: 10 },
      }),
      "integer_below_min_value",
      "session.audio.input.turn_detection.idle_timeout_ms",
    ],
    [
      "an eagerness that does not exist",
      updateInput({
        turn_detection: { type: "semantic_vad", eagerness: "keen" },
      }),
      "invalid_value",
      "session.audio.input.turn_detection.eagerness",
    ],
    [
      "a turn detection of no known type",
      updateInput({ turn_detection: { type: "none" } }),
      "invalid_value",
      "session.audio.input.turn_detection.type",
    ],
    [
      "too many output tokens",
      update({ max_output_tokens: 5000 }),
      "integer_above_max_value",
      "session.max_output_tokens",
    ],
    [
      "a change of model",
      update({ model: "gpt-realtime-2" }),
      "invalid_value",
      "session.model",
    ],
    [
      "a tool with an unknown field",
      update({
        tools: [
          { type: "function", name: "a" },
          { type: "function", name: "b", meta: {} },
        ],
      }),
      "unknown_parameter",
      "session.tools[1].meta",
    ],
    [
      "a tool without a name",
      update({ tools: [{ type: "function" }] }),
      "missing_required_parameter",
      "session.tools[0].name",
    ],
    [
      "two tools of a name",
      update({
        tools: [
          { type: "function", name: "a" },
          { type: "function", name: "a" },
        ],
      }),
      "invalid_value",
      "session.tools[1].name",
    ],
    [
      "a tool choice in the chat API's shape",
      update({ tool_choice: { type: "function", function: { name: "a" } } }),
      "missing_required_parameter",
      "session.tool_choice.name",
    ],
    [
      "audio that is no base64",
      { type: "input_audio_buffer.append", audio: "not base64!" },
      "invalid_value",
      "audio",
    ],
    [
      "an append without audio",
      { type: "input_audio_buffer.append" },
      "missing_required_parameter",
      "audio",
    ],
    [
      "a commit of nothing",
      { type: "input_audio_buffer.commit" },
      "input_audio_buffer_commit_empty",
      null,
    ],
    [
      "an item of no type",
      create({ role: "user" }),
      "missing_required_parameter",
      "item.type",
    ],
    [
      "a user's item with the agent's content",
      create({
        type: "message",
        role: "user",
        content: [{ type: "output_text", text: "x" }],
      }),
      "invalid_value",
      "item.content[0].type",
    ],
    [
      "audio of the agent",
      create({
        type: "message",
        role: "assistant",
        content: [{ type: "output_audio", transcript: "x" }],
      }),
      "invalid_value",
      "item.content[0].type",
    ],
    [
      "a content part of the beta",
      create({
        type: "message",
        role: "assistant",
        content: [{ type: "text", text: "x" }],
      }),
      "invalid_value",
      "item.content[0].type",
    ],
    [
      "an output of no call",
      create({ type: "function_call_output", call_id: "call_x", output: "{}" }),
      "invalid_tool_call_id",
      "item.call_id",
    ],
    [
      "a call id with a slash",
      create({ type: "function_call_output", call_id: "a/b", output: "{}" }),
      "invalid_value",
      "item.call_id",
    ],
    [
      "an item behind one that is not there",
      {
        ...create({
          type: "message",
          role: "user",
          content: [{ type: "input_text", text: "x" }],
        }),
        previous_item_id: "item_x",
      },
      "item_create_invalid_previous_item_id",
      "previous_item_id",
    ],
    [
      "retrieving what is not there",
      { type: "conversation.item.retrieve", item_id: "item_x" },
      "item_retrieve_invalid_item_id",
      "item_id",
    ],
    [
      "deleting what is not there",
      { type: "conversation.item.delete", item_id: "item_x" },
      "item_delete_invalid_item_id",
      "item_id",
    ],
    [
      "truncating what is not there",
      {
        type: "conversation.item.truncate",
        item_id: "item_x",
        content_index: 0,
        audio_end_ms: 0,
      },
      "item_truncate_invalid_item_id",
      "item_id",
    ],
    [
      "truncating at a fraction of a millisecond",
      {
        type: "conversation.item.truncate",
        item_id: "item_x",
        content_index: 0,
        audio_end_ms: 1.5,
      },
      "invalid_type",
      "audio_end_ms",
    ],
    [
      "truncating before the beginning",
      {
        type: "conversation.item.truncate",
        item_id: "item_x",
        content_index: 0,
        audio_end_ms: -1,
      },
      "integer_below_min_value",
      "audio_end_ms",
    ],
    [
      "cancelling when nothing is being said",
      { type: "response.cancel" },
      "response_cancel_not_active",
      null,
    ],
    [
      "a response with a field of the beta",
      { type: "response.create", response: { modalities: ["audio"] } },
      "unknown_parameter",
      "response.modalities",
    ],
    [
      "metadata that is no text",
      { type: "response.create", response: { metadata: { a: 1 } } },
      "invalid_type",
      "response.metadata.a",
    ],
    [
      "a response to no conversation",
      { type: "response.create", response: { conversation: "other" } },
      "invalid_value",
      "response.conversation",
    ],
  ])("%s is an error that names it", async (_what, event, code, param) => {
    expect(await refusalOf(event)).toMatchObject({
      type: "invalid_request_error",
      code,
      param,
      event_id: "mine",
    });
  });

  test.each(["{", "", "[]", "null", '"hello"', "42"])(
    "a message that is no event (%j) is an error without an event id",
    async (text) => {
      client.sendText(text);
      const { error } = await client.next("error");
      expect(error.type).toBe("invalid_request_error");
      expect(["invalid_json", "invalid_event"]).toContain(error.code);
      expect(error.event_id).toBeNull();
    },
  );

  test("a binary message is an error", async () => {
    client.sendText(Buffer.from('{"type":"input_audio_buffer.clear"}'));
    expect((await client.next("error")).error.code).toBe("invalid_json");
  });

  test("none of them harmed the session", async () => {
    client.send(update({ instructions: "Still here." }));
    const { session } = await client.next("session.updated");
    expect(session.instructions).toBe("Still here.");
    expect(session.tools).toEqual([]);
    expect(client.types()).not.toContain("response.created");
  });
});
