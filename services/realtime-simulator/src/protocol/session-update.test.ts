import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { telephone, TestSimulator } from "../testing/simulator.js";

let server: TestSimulator;
beforeEach(async () => {
  server = await TestSimulator.start();
});
afterEach(() => server.close());

describe("session.update", () => {
  test("changes only what is present, at every depth", async () => {
    const client = await server.connect({
      ...telephone,
      instructions: "Be brief.",
    });
    client.send({
      type: "session.update",
      session: {
        type: "realtime",
        audio: {
          input: { turn_detection: { type: "semantic_vad" } },
          output: { voice: "marin" },
        },
      },
    });
    const { session } = await client.next("session.updated");
    expect(session.instructions).toBe("Be brief.");
    expect(session.audio.input).toMatchObject({
      format: { type: "audio/pcmu" },
      transcription: { model: "gpt-4o-transcribe" },
      turn_detection: {
        type: "semantic_vad",
        eagerness: "auto",
        create_response: true,
      },
    });
    expect(session.audio.output).toEqual({
      format: { type: "audio/pcmu" },
      voice: "marin",
      speed: 1,
    });
  });

  test("clears with null, an empty text and an empty list", async () => {
    const client = await server.connect({
      ...telephone,
      instructions: "x",
      tools: [{ type: "function", name: "a", parameters: { type: "object" } }],
    });
    client.send({
      type: "session.update",
      session: {
        type: "realtime",
        instructions: "",
        tools: [],
        audio: { input: { turn_detection: null, transcription: null } },
      },
    });
    const { session } = await client.next("session.updated");
    expect(session).toMatchObject({
      instructions: "",
      tools: [],
      audio: { input: { turn_detection: null, transcription: null } },
    });
  });

  test("cannot change the voice once the session has spoken; naming the same one is no change", async () => {
    const client = await server.connect(telephone);
    client.send({ type: "response.create" });
    await client.next("response.done");
    const speakAs = (voice: string) =>
      client.send({
        type: "session.update",
        session: { type: "realtime", audio: { output: { voice } } },
      });
    speakAs("cedar");
    const { error } = await client.next("error");
    expect(error.code).toBe("cannot_update_voice");
    speakAs("alloy");
    const { session } = await client.next("session.updated");
    expect(session.audio.output.voice).toBe("alloy");
  });
});
