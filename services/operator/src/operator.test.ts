import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import {
  startApiServer,
  until,
  type ApiServer,
  type ServiceProcess,
} from "@easymo/testbed";
import { Bench } from "./testing/bench.js";
import { crowdOf, makeCrowd, says } from "./testing/crowd.js";
import { FakeTwilio } from "./testing/fake-twilio.js";
import {
  crds,
  installRights,
  leads,
  startInstalledOperator,
  untilLeading,
} from "./testing/installed-operator.js";
import { createKubernetes, loadKubeConfig } from "./runtime/index.js";

const account = `AC${"0".repeat(32)}`;
const number = "+250780000001";
const voiceUrl = "https://voice.example/twilio/voice";
const desk = {
  tenant: "kigali-parts",
  agentRef: { name: "sales" },
  twilio: { number },
};
const programmed = { status: "True", reason: "Programmed" } as const;
const ready = { status: "True", reason: "Ready" } as const;

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer({ manifests: [crds] });
}, 180_000);
afterAll(() => server.close());

let twilio: FakeTwilio;
let here: Bench;
const operators: ServiceProcess[] = [];
beforeEach(async () => {
  twilio = new FakeTwilio();
  twilio.addAccount(account, "token");
  for (const at of [1, 2, 3]) twilio.addNumber(account, `+25078000000${at}`);
  await twilio.api.start();
  here = await Bench.start(server, () => []);
  await installRights(server, here.namespace);
});
afterEach(async () => {
  await Promise.all(operators.splice(0).map((one) => one.stop()));
  await here.close();
  await twilio.api.stop();
});

async function operator(
  name: string,
  env: Readonly<Record<string, string>> = {
    VOICE_PUBLIC_URL: "https://voice.example",
    TWILIO_ACCOUNT_SID: account,
    TWILIO_AUTH_TOKEN: "token",
    TWILIO_API_URL: twilio.api.url,
  },
): Promise<ServiceProcess> {
  const started = await startInstalledOperator({
    server,
    namespace: here.namespace,
    name,
    env,
  });
  operators.push(started);
  return started;
}

async function untilAnswered(channel: string): Promise<void> {
  await here.until("Channel", channel, "Programmed", programmed);
  await here.until("Channel", channel, "Ready", ready);
}

/** How often the number's voice address was written. */
function timesSet(wanted = voiceUrl): number {
  return twilio.writes.filter(({ VoiceUrl }) => VoiceUrl === wanted).length;
}

describe("the operator, with the rights that its chart gives it", () => {
  test("sees a number through its life: made, its agent's words changed, moved, suspended, renamed, deleted", async () => {
    const one = await operator("operator-0");
    await untilLeading(one);
    // First the channel: its agent is missing, and it says so until it is there.
    await here.apply("Channel", "desk", desk);
    await here.until("Channel", "desk", "Accepted", {
      status: "False",
      reason: "AgentNotFound",
    });
    await here.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "AgentNotFound",
    });
    await here.apply("Agent", "sales", { instructions: "Sell parts." });
    await untilAnswered("desk");
    await here.untilRouted(number, "sales");
    expect(twilio.settings(account, number).VoiceUrl).toBe(voiceUrl);

    await here.apply("Agent", "sales", { instructions: "Sell tyres." });
    await until(async () =>
      (await here.routing()).text.includes("Sell tyres."),
    );

    await here.apply("Channel", "desk", { ...desk, tenant: "musanze-parts" });
    await until(async () => {
      const { table } = await here.routing();
      return table.find("twilio", number)?.tenantId === "musanze-parts";
    });

    await here.apply("Channel", "desk", { ...desk, suspended: true });
    await here.untilRouted(number, undefined);
    await here.apply("Channel", "desk", desk);
    await here.untilRouted(number, "sales");

    // Another name for the same number: the newer waits for the older to go.
    await here.untilOlder("desk");
    await here.apply("Channel", "front-desk", desk);
    await here.until("Channel", "front-desk", "Accepted", {
      status: "False",
      reason: "AddressInUse",
    });
    await here.remove("Channel", "desk");
    await here.untilGone("Channel", "desk");
    await untilAnswered("front-desk");
    await here.untilRouted(number, "sales");
    await until(() => twilio.settings(account, number).VoiceUrl === voiceUrl);

    await here.remove("Channel", "front-desk");
    await here.untilGone("Channel", "front-desk");
    await here.untilRouted(number, undefined);
    expect(twilio.settings(account, number).VoiceUrl).not.toBe(voiceUrl);
    expect(one.output).not.toMatch(/forbidden|Forbidden/);
  }, 240_000);

  test("of two, one works; when it is killed the other goes on, and nothing is set twice", async () => {
    const first = await operator("operator-0");
    await untilLeading(first);
    const second = await operator("operator-1");
    await here.apply("Agent", "sales", { instructions: "Sell parts." });
    await here.apply("Channel", "desk", desk);
    await untilAnswered("desk");
    expect(await leads(second)).toBe(false);
    expect(timesSet()).toBe(1);
    first.signal("SIGKILL");
    await here.apply("Channel", "other", {
      ...desk,
      twilio: { number: "+250780000002" },
    });
    await untilLeading(second);
    await untilAnswered("other");
    await here.untilRouted("+250780000002", "sales");
    // Each number once: the first was found as it should be.
    expect(timesSet()).toBe(2);
  }, 240_000);

  test("leaves in order: exits with 0, and the next one leads at once", async () => {
    const first = await operator("operator-0");
    await untilLeading(first);
    const second = await operator("operator-1");
    await here.apply("Agent", "sales", { instructions: "Sell parts." });
    await here.apply("Channel", "desk", desk);
    await untilAnswered("desk");
    first.signal("SIGTERM");
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(first.output).toContain("left the lease to the next");
    await untilLeading(second);
    expect(timesSet()).toBe(1);
  }, 240_000);

  test("is not ready while the API server is away, and goes on when it is back", async () => {
    const one = await operator("operator-0");
    await here.apply("Agent", "sales", { instructions: "Sell parts." });
    await here.apply("Channel", "desk", desk);
    await untilAnswered("desk");
    await server.stop();
    await until(async () => !(await one.answers("/readyz")), {
      timeoutMs: 120_000,
    });
    expect(await one.answers("/healthz")).toBe(true);
    await server.start();
    await here.apply("Agent", "sales", { instructions: "Sell tyres." });
    await until(
      async () => (await here.routing()).text.includes("Sell tyres."),
      { timeoutMs: 90_000 },
    );
    await until(() => one.answers("/readyz"), { timeoutMs: 120_000 });
    expect(timesSet()).toBe(1);
  }, 240_000);

  test("of all namespaces, where the chart says so, names another's agents by their namespace", async () => {
    await installRights(server, here.namespace, ["clusterWide=true"]);
    const there = await Bench.start(server, () => []);
    await operator("operator-0", { WATCH_NAMESPACE: "*" });
    await there.apply("Agent", "care", { instructions: "Care." });
    await there.apply("Channel", "line", {
      tenant: "musanze-parts",
      agentRef: { name: "care" },
      sip: { uri: `sip:line@${there.namespace}.example` },
    });
    await there.until("Channel", "line", "Ready", ready);
    await until(async () => {
      const { table } = await here.routing();
      const route = table.find("sip", `sip:line@${there.namespace}.example`);
      return route?.agent.name === `${there.namespace}.care`;
    });
    await there.close();
  }, 240_000);

  test("sees to three hundred channels", async () => {
    const kubernetes = createKubernetes(loadKubeConfig(server.kubeconfig));
    try {
      await makeCrowd(kubernetes, here.namespace, 300);
      await operator("operator-0", {});
      await until(
        async () => {
          const all = await crowdOf(kubernetes, here.namespace);
          return (
            all.length === 300 &&
            all.every((channel) => says(channel, "Ready", "True"))
          );
        },
        { timeoutMs: 180_000, everyMs: 200, what: "All ready" },
      );
      const { table } = await here.routing();
      expect(table.channels).toHaveLength(300);
    } finally {
      await kubernetes.close();
    }
  }, 240_000);
});

test("a kubeconfig that names no cluster ends the process with one sentence", () => {
  expect(() => loadKubeConfig(undefined)).toThrow(
    "This is no pod of a cluster: name a kubeconfig in KUBECONFIG.",
  );
});
