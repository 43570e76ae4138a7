import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { withWrongDigit } from "./faults.js";
import { telephone, TestSimulator } from "./testing/simulator.js";

let server: TestSimulator;
beforeEach(async () => {
  server = await TestSimulator.start();
});
afterEach(() => server.close());

const CODE = "Dial star, 1, 8, 2, hash.";
function exactly(text: string) {
  const instructions = `Say exactly: "${text}"`;
  return { type: "response.create", response: { instructions } };
}

describe("faults", () => {
  test("refuse a connection as often as they were told to, and then no more", async () => {
    server.simulator.faults.inject({
      kind: "refuse_connection",
      status: 429,
      times: 2,
    });
    await expect(server.open()).rejects.toThrow("429");
    await expect(server.open()).rejects.toThrow("429");
    await server.connect();
    expect(server.simulator.faults.list()).toEqual([]);
  });

  test("never answer an upgrade; closing the simulator ends the wait", async () => {
    server.simulator.faults.inject({ kind: "never_answer", at: "upgrade" });
    const opening = server.open();
    await server.connect();
    const refused = expect(opening).rejects.toThrow();
    await server.close();
    await refused;
  });

  test("open a session that never speaks, or speaks garbage", async () => {
    server.simulator.faults.inject({ kind: "never_answer", at: "connect" });
    server.simulator.faults.inject({ kind: "garbage", at: "connect" });
    const mute = await server.open();
    const confused = await server.connect();
    expect(confused.garbage).toHaveLength(1);
    expect(mute.events).toEqual([]);
  });

  test.each(["connect", "response", "audio"] as const)(
    "drop the connection at %s, without a closing handshake",
    async (at) => {
      server.simulator.faults.inject({ kind: "drop_connection", at });
      const client = await server.open();
      client.send(exactly("Here is quite a long sentence for you."));
      expect((await client.closed).code).toBe(1006);
      const deltas = client.all("response.output_audio.delta").length;
      expect(deltas).toBe(at === "audio" ? 1 : 0);
      expect(client.types().includes("response.created")).toBe(
        at !== "connect",
      );
      expect(client.types()).not.toContain("response.done");
    },
  );

  test("answer with an error event instead of a response", async () => {
    server.simulator.faults.inject({ kind: "error_event", code: "overloaded" });
    const client = await server.connect(telephone);
    client.send(exactly(CODE));
    const { error } = await client.next("error");
    expect(error).toMatchObject({ type: "server_error", code: "overloaded" });
    client.send(exactly(CODE));
    await client.next("response.done");
    expect(client.all("response.created")).toHaveLength(1);
  });

  test("fail a response", async () => {
    server.simulator.faults.inject({
      kind: "fail_response",
      code: "rate_limit_exceeded",
      message: "Slow down.",
    });
    const client = await server.connect(telephone);
    client.send(exactly(CODE));
    const { response } = await client.next("response.done");
    expect(response).toMatchObject({
      status: "failed",
      status_details: {
        type: "failed",
        error: { code: "rate_limit_exceeded", message: "Slow down." },
      },
      output: [],
    });
  });

  test("leave a response unfinished until it is cancelled", async () => {
    server.simulator.faults.inject({ kind: "never_answer" });
    const client = await server.connect(telephone);
    client.send(exactly(CODE));
    await client.next("response.created");
    client.send({ type: "response.cancel" });
    const { response } = await client.next("response.done");
    expect(response.status).toBe("cancelled");
  });

  test("make the model think longer", async () => {
    const clock = new ManualClock();
    const slow = await TestSimulator.start({ clock });
    try {
      slow.simulator.faults.inject({ kind: "delay", delayMs: 8000 });
      const client = await slow.connect(telephone);
      client.send(exactly(CODE));
      await client.next("response.created");
      await clock.advanceAsync(7999);
      await client.settled();
      expect(client.types()).not.toContain("response.output_item.added");
      await clock.advanceAsync(1);
      await client.next("response.output_item.added");
    } finally {
      await slow.close();
    }
  });

  test("let a digit be misheard once, in speech and transcript alike", async () => {
    server.simulator.faults.inject({ kind: "misheard_digits" });
    const client = await server.connect(telephone);
    const say = async (text: string) => {
      client.send(exactly(text));
      const event = await client.next("response.output_audio_transcript.done");
      await client.next("response.done");
      return event.transcript;
    };
    client.send({
      type: "response.create",
      response: { instructions: 'Greet the caller: "Press 1 for parts."' },
    });
    const free = await client.next("response.output_audio_transcript.done");
    expect(free.transcript).toBe("Press 1 for parts.");
    await client.next("response.done");
    expect(await say("Murakoze cyane.")).toBe("Murakoze cyane.");
    expect(await say(CODE)).toBe("Dial star, 2, 8, 2, hash.");
    expect(await say(CODE)).toBe(CODE);
  });

  test("send garbage before a response, which then comes", async () => {
    server.simulator.faults.inject({ kind: "garbage" });
    const client = await server.connect(telephone);
    client.send(exactly(CODE));
    await client.next("response.done");
    expect(client.garbage).toHaveLength(1);
  });

  test("expire a session", async () => {
    server.simulator.faults.inject({ kind: "expire_session" });
    const client = await server.connect(telephone);
    client.send(exactly(CODE));
    expect((await client.next("error")).error.code).toBe("session_expired");
    expect((await client.closed).code).toBe(1001);
  });
});

describe("faults over HTTP", () => {
  const post = (body: unknown) =>
    fetch(`${server.url}/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("are added, listed and cleared", async () => {
    const created = await post({ kind: "delay", delayMs: 5 });
    expect(created.status).toBe(201);
    const list = async () => {
      const body: unknown = await (await fetch(`${server.url}/faults`)).json();
      return body;
    };
    expect(await list()).toEqual({
      faults: [{ kind: "delay", delayMs: 5, times: 1 }],
    });
    await fetch(`${server.url}/faults`, { method: "DELETE" });
    expect(await list()).toEqual({ faults: [] });
  });

  test.each([{}, { kind: "earthquake" }, { kind: "delay" }])(
    "that are none are refused (%j)",
    async (body) => {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(answer.headers.get("content-type")).toContain(
        "application/problem+json",
      );
    },
  );

  test("drop every connection", async () => {
    const client = await server.connect();
    await fetch(`${server.url}/sessions/drop`, { method: "POST" });
    expect((await client.closed).code).toBe(1006);
  });
});

describe("a wrong digit", () => {
  test.each([
    ["*182#", "*282#"],
    ["nine, one", "zero, one"],
    ["kabiri, gatatu", "gatatu, gatatu"],
    ["Trois", "quatre"],
    ["none here", "none here"],
  ])("%s is heard as %s", (text, misheard) => {
    expect(withWrongDigit(text)).toBe(misheard);
  });
});
