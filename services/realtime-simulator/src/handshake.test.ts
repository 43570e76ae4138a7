import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RealtimeClient } from "./testing/realtime-client.js";
import { TestSimulator } from "./testing/simulator.js";

let server: TestSimulator;
beforeEach(async () => {
  server = await TestSimulator.start();
});
afterEach(() => server.close());

describe("a connection", () => {
  test("with any key begins with session.created, which shows the whole configuration", async () => {
    const client = await server.open();
    const { session, event_id } = await client.next("session.created");
    expect(event_id).toMatch(/^event_/);
    expect(session).toMatchObject({
      object: "realtime.session",
      type: "realtime",
      model: "gpt-realtime",
      output_modalities: ["audio"],
      tools: [],
      tool_choice: "auto",
      max_output_tokens: "inf",
      audio: {
        input: {
          format: { type: "audio/pcm", rate: 24_000 },
          transcription: null,
          noise_reduction: null,
          turn_detection: {
            type: "server_vad",
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_duration_ms: 500,
            idle_timeout_ms: null,
            create_response: true,
            interrupt_response: true,
          },
        },
        output: { voice: "alloy", speed: 1 },
      },
    });
    expect(session.expires_at - Date.now() / 1000).toBeGreaterThan(3590);
  });

  test.each([{}, { authorization: "Bearer " }, { authorization: "Basic abc" }])(
    "without a key is refused with 401 (%j)",
    async (headers: Record<string, string>) => {
      await expect(server.open(headers)).rejects.toThrow("401");
    },
  );

  test("of a browser may bring its key among the subprotocols", async () => {
    const client = await RealtimeClient.open(server.realtimeUrl(), {}, [
      "realtime",
      "openai-insecure-api-key.sk-test",
    ]);
    await client.next("session.created");
    expect(client.protocol).toBe("realtime");
    client.terminate();
  });

  test("with the beta header is told so and closed", async () => {
    const client = await server.open({
      authorization: "Bearer key",
      "openai-beta": "realtime=v1",
    });
    const { error } = await client.next("error");
    expect(error).toMatchObject({
      type: "invalid_request_error",
      code: "beta_api_shape_disabled",
    });
    expect(await client.closed).toEqual({
      code: 4000,
      reason: "invalid_request_error.beta_api_shape_disabled",
    });
    expect(client.types()).toEqual(["error"]);
  });

  test.each([
    ["", "missing_model"],
    ["?model=gpt-4o", "invalid_model"],
  ])("to %j is refused as %s", async (search, code) => {
    const client = await server.open({ authorization: "Bearer key" }, search);
    const { error } = await client.next("error");
    expect(error.code).toBe(code);
    expect((await client.closed).code).toBe(4000);
  });

  test("elsewhere is not found", async () => {
    const url = server.realtimeUrl().replace("/v1/realtime", "/v1/other");
    await expect(
      RealtimeClient.open(url, { authorization: "Bearer key" }),
    ).rejects.toThrow("404");
  });

  test("is one of the open sessions until it ends", async () => {
    const client = await server.connect({ instructions: "Be kind." });
    expect(server.simulator.sessions()).toMatchObject([
      { model: "gpt-realtime", instructions: "Be kind.", responses: 0 },
    ]);
    const metrics = await fetch(`${server.url}/metrics`);
    expect(await metrics.text()).toContain(
      "easymo_simulator_sessions_active 1",
    );
    server.simulator.dropConnections();
    expect((await client.closed).code).toBe(1006);
    // The server knows of it once its own end is closed.
    const other = await server.connect();
    await other.settled();
    expect(server.simulator.sessions()).toHaveLength(1);
  });
});
