import assert from "node:assert/strict";
import { until } from "@easymo/testbed";
import type { SimulatedCall } from "@easymo/carrier-simulator";
import type { Pod } from "../cluster/kubectl.js";
import {
  AGENT,
  DESK,
  PHONE_NUMBER_ID,
  PUBLIC_URL,
  TENANT,
  WHATSAPP_PUBLIC_URL,
} from "../outside/numbers.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";
import { said } from "./calls.js";

const WITHIN_SECONDS = 15;

/** Numbers and agents, declared by kubectl. */
export async function operator(
  step: Step,
  world: World,
  print: (text: string) => void,
): Promise<void> {
  const { kubectl } = world;
  let before: string[] = [];
  await step(
    "shows the release's channels: address, tenant, agent, ready",
    async () => {
      await kubectl.run([
        "wait",
        "channels",
        "--all",
        "--for=condition=Ready",
        "--timeout=60s",
      ]);
      const shown = await kubectl.run(["get", "channels"]);
      assert.match(shown, /^NAME +ADDRESS +TENANT +AGENT +READY +REASON/);
      assert.match(
        shown,
        new RegExp(`\\${DESK} +${TENANT} +${AGENT} +True +Ready`),
      );
    },
  );
  await step(
    "has set the number's address at the telephone company, and WhatsApp's webhook",
    () => {
      assert.equal(world.numbers.voiceUrl(DESK), `${PUBLIC_URL}/twilio/voice`);
      assert.equal(
        world.graphApi.webhooks.get(PHONE_NUMBER_ID),
        `${WHATSAPP_PUBLIC_URL}/webhook`,
      );
      return Promise.resolve();
    },
  );
  await step(
    `answers a call to a new number within ${WITHIN_SECONDS} s of its Channel, with no pod restarted`,
    async () => {
      before = await fingerprints(world);
      await kubectl.apply(OWN_AGENT_MANIFEST);
      const seconds: number[] = [];
      // A machine that stands still is no slow platform: one of three has to make it.
      for (const at of [1, 2, 3]) {
        seconds.push(await secondsUntilAnswered(world, at));
        if (Math.min(...seconds) < WITHIN_SECONDS) break;
      }
      print(`    after ${seconds.map((one) => one.toFixed(1)).join(", ")} s\n`);
      assert.ok(Math.min(...seconds) < WITHIN_SECONDS);
      assert.deepEqual(await fingerprints(world), before);
    },
  );
  await step(
    "refuses the next call once the Channel is suspended, and answers again when it is not",
    async () => {
      await suspend(world, newChannel(1).name, true);
      await until(
        async () => (await outcomeOf(world, numberOf(1))) === "refused",
        {
          what: "A refused call",
          timeoutMs: 60_000,
        },
      );
      await suspend(world, newChannel(1).name, false);
      await until(
        async () => (await outcomeOf(world, numberOf(1))) === "answered",
        {
          what: "An answered call",
          timeoutMs: 60_000,
        },
      );
    },
  );
  await step(
    "changes an agent's words by kubectl: the next caller hears them",
    async () => {
      await kubectl.run([
        "patch",
        "agent",
        OWN_AGENT,
        "--type=merge",
        '--patch={"spec":{"greeting":"Muraho, this is the new greeting."}}',
      ]);
      await until(
        async () => {
          const call = world.carrier.placeCall({
            from: CALLER,
            to: numberOf(1),
          });
          await call.waitFor("streamStarted", undefined, { timeoutMs: 30_000 });
          await said(world, call, "assistant", /./);
          call.hangUp();
          return world.tape
            .of("media.transcript")
            .some(
              ({ data }) =>
                data.callId === call.callSid &&
                data.text.includes("new greeting"),
            );
        },
        { what: "The new greeting", timeoutMs: 90_000 },
      );
    },
  );
  await step(
    "says on the newer of two channels that its address is taken",
    async () => {
      await kubectl.apply(manifestOf({ name: "e2e-twice", number: DESK }));
      await until(
        async () =>
          (await kubectl.run(["get", "channel", "e2e-twice"])).includes(
            "AddressInUse",
          ),
        { what: "AddressInUse", timeoutMs: 30_000, everyMs: 300 },
      );
    },
  );
  await step("refuses what cannot be, before anything is changed", async () => {
    await assert.rejects(
      kubectl.apply(manifestOf({ name: "e2e-wrong", number: "0780" }), [
        "--dry-run=server",
      ]),
      /spec\.twilio\.number/,
    );
  });
  await step(
    "takes a deleted Channel's address back from the telephone company",
    async () => {
      await kubectl.run([
        "delete",
        "channel",
        newChannel(1).name,
        "e2e-twice",
        "--timeout=60s",
      ]);
      assert.notEqual(
        world.numbers.voiceUrl(numberOf(1)),
        `${PUBLIC_URL}/twilio/voice`,
      );
      assert.equal(world.numbers.voiceUrl(DESK), `${PUBLIC_URL}/twilio/voice`);
      assert.deepEqual(await fingerprints(world), before);
      await kubectl.run(["delete", "agent", OWN_AGENT, "--timeout=60s"]);
    },
  );
}

const CALLER = "+250788503000";
/** What the release declares is Helm's; this one is kubectl's. */
const OWN_AGENT = "e2e-agent";
const OWN_AGENT_MANIFEST = JSON.stringify({
  apiVersion: "bridges.easymo.dev/v1alpha1",
  kind: "Agent",
  metadata: { name: OWN_AGENT },
  spec: {
    instructions: "You help people in Kigali.",
    greeting: "Muraho, this is the first greeting.",
  },
});

interface NewChannel {
  readonly name: string;
  readonly number: string;
}

function numberOf(at: number): string {
  return `+2507800009${String(at).padStart(2, "0")}`;
}

function newChannel(at: number): NewChannel {
  return { name: `e2e-phone-${at}`, number: numberOf(at) };
}

function manifestOf({ name, number }: NewChannel): string {
  return JSON.stringify({
    apiVersion: "bridges.easymo.dev/v1alpha1",
    kind: "Channel",
    metadata: { name },
    spec: {
      tenant: TENANT,
      agentRef: { name: OWN_AGENT },
      twilio: { number },
    },
  });
}

async function secondsUntilAnswered(world: World, at: number): Promise<number> {
  await world.connectCarrier();
  const { number } = newChannel(at);
  assert.equal(await outcomeOf(world, number), "refused");
  const startedMs = performance.now();
  await world.kubectl.apply(manifestOf(newChannel(at)));
  await until(async () => (await outcomeOf(world, number)) === "answered", {
    what: `A call to ${number}`,
    timeoutMs: 90_000,
    everyMs: 250,
  });
  return (performance.now() - startedMs) / 1_000;
}

/** Calls once: a stream to the agent, or words and the end. */
async function outcomeOf(
  world: World,
  to: string,
): Promise<"answered" | "refused"> {
  const call: SimulatedCall = world.carrier.placeCall({ from: CALLER, to });
  const outcome = await Promise.race([
    call
      .waitFor("streamStarted", undefined, { timeoutMs: 30_000 })
      .then(() => "answered" as const),
    call
      .waitFor("say", undefined, { timeoutMs: 30_000 })
      .then(() => "refused" as const),
  ]);
  call.hangUp();
  return outcome;
}

async function suspend(
  { kubectl }: World,
  name: string,
  suspended: boolean,
): Promise<void> {
  await kubectl.run([
    "patch",
    "channel",
    name,
    "--type=merge",
    `--patch=${JSON.stringify({ spec: { suspended } })}`,
  ]);
}

/** Which pods there are, and how often each was restarted. */
async function fingerprints({ kubectl, config }: World): Promise<string[]> {
  const pods = await kubectl.pods(
    `app.kubernetes.io/instance=${config.E2E_RELEASE}`,
  );
  return pods.map(fingerprint).sort();
}

function fingerprint({ metadata, status }: Pod): string {
  const restarts = status.containerStatuses.map(
    ({ restartCount }) => restartCount,
  );
  return `${metadata.name} ${restarts.join()}`;
}
