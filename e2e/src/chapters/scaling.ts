import assert from "node:assert/strict";
import { until } from "@easymo/testbed";
import { isReady } from "../cluster/kubectl.js";
import { Talk } from "../outside/talk.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";
import { allArrived, correspond, voicePods } from "./upgrade.js";

/** Pods come, go and are killed. */
export async function scaling(step: Step, world: World): Promise<void> {
  const { kubectl, carrier, tape } = world;
  const deployment = `deployment/${world.nameOf("voice-bridge")}`;
  await step("scales voice-bridge up to three", async () => {
    await kubectl.run(["scale", deployment, "--replicas=3"]);
    await kubectl.rolledOut(world.nameOf("voice-bridge"));
    assert.equal((await voicePods(world)).size, 3);
  });
  await step(
    "scales it down in the middle of a call without cutting it",
    async () => {
      await world.connectCarrier();
      const talks = await Promise.all(
        [0, 1, 2].map((at) => Talk.begin(carrier, tape, `+25078850200${at}`)),
      );
      await Promise.all(talks.map((talk) => talk.answered(1)));
      await kubectl.run(["scale", deployment, "--replicas=2"]);
      await until(async () => (await voicePods(world)).size === 2, {
        what: "Two pods",
        timeoutMs: 60_000,
      });
      await Promise.all(talks.map((talk) => talk.answered(talk.turns + 2)));
      await Promise.all(talks.map((talk) => talk.finish()));
    },
  );
  await step(
    "loses nothing when pods are deleted under people who write",
    async () => {
      const letters = await correspond(world, "deletion");
      for (const service of [
        "whatsapp-bot",
        "sip-ingress",
        "broker-orchestrator",
        "agent-core",
      ])
        await replaceOnePod(world, service);
      await letters.finish();
      await allArrived(world, letters);
    },
    { timeoutMs: 480_000 },
  );
}

/** Deletes a pod, and waits until another one stands in its place. */
async function replaceOnePod(world: World, service: string): Promise<void> {
  const { kubectl } = world;
  const selector = world.podsOf(service);
  const before = await kubectl.pods(selector);
  const [victim] = before;
  assert.ok(victim, `${service} has no pod`);
  await kubectl.run(["delete", "pod", victim.metadata.name, "--wait=false"]);
  await until(
    async () => {
      const now = await kubectl.pods(selector);
      return (
        now.length === before.length &&
        now.every(
          (one) => isReady(one) && one.metadata.name !== victim.metadata.name,
        )
      );
    },
    { what: `A new pod of ${service}`, timeoutMs: 120_000, everyMs: 500 },
  );
}
