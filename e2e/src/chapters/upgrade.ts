import assert from "node:assert/strict";
import { until } from "@easymo/testbed";
import { Correspondence } from "../outside/correspondence.js";
import { TENANT } from "../outside/numbers.js";
import { Talk } from "../outside/talk.js";
import { newGeneration } from "../release.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

/** Everything is replaced while people talk and write, and nobody notices. */
export async function upgrade(
  step: Step,
  world: World,
  print: (text: string) => void,
): Promise<void> {
  const { config, helm, kubectl, carrier, tape } = world;
  let talks: Talk[] = [];
  let letters: Correspondence | undefined;
  let before = new Set<string>();
  await step(
    `has ${config.E2E_CALLS} calls live, and people who write`,
    async () => {
      await world.connectCarrier();
      talks = await Promise.all(
        Array.from({ length: config.E2E_CALLS }, (_, at) =>
          Talk.begin(
            carrier,
            tape,
            `+2507885010${String(at).padStart(2, "0")}`,
          ),
        ),
      );
      letters = await correspond(world, "upgrade");
      await Promise.all(talks.map((talk) => talk.answered(1)));
      before = await voicePods(world);
    },
  );
  await step(
    "`helm upgrade` replaces every pod of the release",
    async () => {
      await helm.upgrade(
        config.E2E_RELEASE,
        world.chart.folder,
        [world.values, newGeneration("second")],
        upgradeArguments(world),
      );
      await until(
        async () =>
          (await voicePods(world)).size === before.size &&
          [...(await voicePods(world))].every((name) => !before.has(name)),
        {
          what: "New pods of voice-bridge alone",
          timeoutMs: 120_000,
          everyMs: 500,
        },
      );
    },
    { timeoutMs: 720_000 },
  );
  await step(
    "the old pods stay for their calls, and new calls go to the new ones",
    async () => {
      const all = await kubectl.run([
        "get",
        "pods",
        "--selector",
        world.podsOf("voice-bridge"),
        "--output=name",
      ]);
      assert.ok(all.split("\n").length > before.size, all);
      const late = await Talk.begin(carrier, tape, "+250788501099");
      await late.answered(1);
      talks.push(late);
    },
  );
  await step(
    "every call goes on: turns are answered on each, before, during and after",
    async () => {
      const now = talks.map(({ turns }) => turns);
      await Promise.all(
        talks.map((talk, at) => talk.answered((now[at] ?? 0) + 2)),
      );
    },
  );
  await step(
    "every call ends when its caller hangs up: none was cut, no frame and no event is missing",
    async () => {
      await Promise.all(talks.map((talk) => talk.finish()));
      const turns = talks.reduce((sum, talk) => sum + talk.turns, 0);
      print(`    ${talks.length} calls, ${turns} turns\n`);
    },
  );
  await step("every message and signal is on Kafka, each once", async () => {
    assert.ok(letters);
    await letters.finish();
    await allArrived(world, letters);
    print(
      `    ${letters.messageIds.length} messages, ${letters.sipCallIds.length} signals; sent again: ${letters.repeats}\n`,
    );
  });
  await step("the old pods go when their calls are over", async () => {
    await until(
      async () => {
        const all = await kubectl.run([
          "get",
          "pods",
          "--selector",
          world.podsOf("voice-bridge"),
          "--output=name",
        ]);
        return all.split("\n").length === before.size;
      },
      { what: "Only new pods", timeoutMs: 120_000, everyMs: 500 },
    );
  });
}

/** People who write on WhatsApp and a SIP proxy that tells, until they are told to stop. */
export async function correspond(
  world: World,
  name: string,
): Promise<Correspondence> {
  return new Correspondence(
    {
      whatsappUrl: await world.url("whatsapp-bot"),
      appSecret: await world.secret("META_APP_SECRET"),
      sipUrl: await world.url("sip-ingress"),
      sipToken: await world.sipToken(TENANT),
    },
    name,
  );
}

/** Each that was taken is on Kafka, and on it once. */
export async function allArrived(
  world: World,
  letters: Correspondence,
): Promise<void> {
  const { tape } = world;
  const received = () =>
    tape.of("message.received").map(({ data }) => data.messageId);
  const rung = () => tape.of("sip.ringing").map(({ data }) => data.callId);
  await until(
    () => {
      const [messages, calls] = [new Set(received()), new Set(rung())];
      return (
        letters.messageIds.every((id) => messages.has(id)) &&
        letters.sipCallIds.every((id) => calls.has(id))
      );
    },
    {
      what: "Everything that was taken, on Kafka",
      timeoutMs: 60_000,
      everyMs: 200,
    },
  );
  for (const [ids, all] of [
    [letters.messageIds, received()],
    [letters.sipCallIds, rung()],
  ] as const)
    for (const id of ids)
      assert.equal(all.filter((one) => one === id).length, 1, id);
}

/**
 * Helm 4 waits until the old pods have gone, too, and those stay as long as
 * their calls: the older way of waiting is for what is new to be ready.
 */
export function upgradeArguments({ helmVersion }: World): string[] {
  const isFour = helmVersion.startsWith("v4.");
  return [isFour ? "--wait=legacy" : "--wait", "--timeout=10m"];
}

/** The names of voice-bridge's pods that are not on their way out. */
export async function voicePods(world: World): Promise<Set<string>> {
  const pods = await world.kubectl.pods(world.podsOf("voice-bridge"));
  return new Set(pods.map(({ metadata }) => metadata.name));
}
