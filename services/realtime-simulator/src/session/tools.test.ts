import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silence, tone, writeCaption } from "@easymo/telephone-audio";
import type { RealtimeClient } from "../testing/realtime-client.js";
import { telephone, TestSimulator } from "../testing/simulator.js";

const collectPayment = {
  type: "function",
  name: "collect_payment",
  description: "Asks agent-core for a way to pay.",
  parameters: {
    type: "object",
    properties: {
      amount: { type: "integer", minimum: 1 },
      currency: { type: "string" },
    },
    required: ["amount"],
    additionalProperties: false,
  },
};

let server: TestSimulator;
beforeEach(async () => {
  server = await TestSimulator.start();
});
afterEach(() => server.close());

function speak(client: RealtimeClient, text: string, language: string): void {
  const voice = tone({ hz: 300, durationMs: 1200 });
  client.sendAudio(
    Buffer.concat([writeCaption(voice, { text, language }), silence(600)]),
  );
}

function giveOutput(client: RealtimeClient, callId: string, output: object) {
  client.send({
    type: "conversation.item.create",
    item: {
      type: "function_call_output",
      call_id: callId,
      output: JSON.stringify(output),
    },
  });
  client.send({ type: "response.create" });
}

async function spokenText(client: RealtimeClient): Promise<string> {
  return (await client.next("response.output_audio_transcript.done"))
    .transcript;
}

describe("a function call", () => {
  test.each([
    ["en", "I want to pay 5000 francs", "star, 1, 8, 2"],
    ["fr", "Je voudrais payer 5000 francs", "étoile, 1, 8, 2"],
    ["rw", "Ndashaka kwishyura amafaranga 5000", "akanyenyeri, 1, 8, 2"],
    ["sw", "Nataka kulipa faranga 5000", "nyota, 1, 8, 2"],
  ])(
    "goes round in %s: heard, called, answered, spoken",
    async (language, text, reply) => {
      const client = await server.connect({
        ...telephone,
        tools: [collectPayment],
      });
      speak(client, text, language);
      const call = await client.next("response.function_call_arguments.done");
      expect(call.name).toBe("collect_payment");
      expect(JSON.parse(call.arguments)).toEqual({
        amount: 5000,
        currency: "RWF",
      });
      const { response } = await client.next("response.done");
      expect(response.output).toMatchObject([
        {
          type: "function_call",
          status: "completed",
          call_id: call.call_id,
          arguments: call.arguments,
        },
      ]);
      giveOutput(client, call.call_id, { ussd: "*182*8*1*1234*5000#" });
      expect(await spokenText(client)).toContain(reply);
      const done = await client.next("response.done");
      expect(done.response.status).toBe("completed");
    },
  );

  test("arrives piece by piece, in the order of the real one", async () => {
    const client = await server.connect({
      ...telephone,
      tools: [collectPayment],
    });
    speak(client, "I want to pay 5000 francs", "en");
    await client.next("response.done");
    const types = client
      .types("response.created")
      .filter((type, i, all) => type !== all[i - 1])
      .filter((type) => !type.includes("transcription"));
    expect(types).toEqual([
      "response.created",
      "rate_limits.updated",
      "response.output_item.added",
      "conversation.item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ]);
    const deltas = client.all("response.function_call_arguments.delta");
    expect(deltas.map((event) => event.delta).join("")).toBe(
      client.all("response.function_call_arguments.done")[0]?.arguments,
    );
  });

  test("that failed is told to the caller as that", async () => {
    const client = await server.connect({
      ...telephone,
      tools: [collectPayment],
    });
    speak(client, "I want to pay 5000 francs", "en");
    const call = await client.next("response.function_call_arguments.done");
    await client.next("response.done");
    giveOutput(client, call.call_id, {
      error: { code: "timeout", message: "the payment service is slow" },
    });
    expect(await spokenText(client)).toContain(
      "did not work: the payment service is slow",
    );
  });

  test.each([{ tool_choice: "none" }, { tools: [] }])(
    "is not made in a response that may not make one (%j)",
    async (limits) => {
      const client = await server.connect({
        audio: {
          ...telephone.audio,
          input: { ...telephone.audio.input, turn_detection: null },
        },
        tools: [collectPayment],
      });
      client.send({
        type: "conversation.item.create",
        item: {
          type: "message",
          role: "user",
          content: [{ type: "input_text", text: "I want to pay 5000 francs" }],
        },
      });
      client.send({ type: "response.create", response: limits });
      expect(await spokenText(client)).toContain("cannot take a payment");
      expect(client.types().join()).not.toContain("function_call");
    },
  );

  test("cannot be made of a tool whose required arguments nobody has said", async () => {
    const parameters = {
      type: "object",
      properties: { pin: { type: "string" } },
      required: ["pin"],
    };
    const client = await server.connect({
      ...telephone,
      tools: [{ ...collectPayment, parameters }],
    });
    speak(client, "I want to pay 5000 francs", "en");
    expect(await spokenText(client)).toContain("cannot take a payment");
  });

  test("and its output are part of a conversation that is carried over", async () => {
    const client = await server.connect({
      ...telephone,
      tools: [collectPayment],
    });
    const create = (item: object) =>
      client.send({ type: "conversation.item.create", item });
    create({
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "Ndashaka kwishyura 5000" }],
    });
    create({
      type: "function_call",
      call_id: "call_before",
      name: "collect_payment",
      arguments: "{}",
    });
    giveOutput(client, "call_before", { ussd: "*182#" });
    expect(await spokenText(client)).toContain("Kugira ngo mwishyure");
  });
});
