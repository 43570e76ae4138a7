import assert from "node:assert/strict";
import { until } from "@easymo/testbed";
import { isReady } from "../cluster/kubectl.js";
import { Talk } from "../outside/talk.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";
import { allArrived, correspond, voicePods } from "./upgrade.js";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

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
    "scales it down in the middle of calls: a pod without any goes",
    async () => {
      await world.connectCarrier();
      const talks = await Promise.all(
        [0, 1].map((at) => Talk.begin(carrier, tape, `+25078850200${at}`)),
      );
      await Promise.all(talks.map((talk) => talk.answered(1)));
      const busy = await busyPods(world);
      await kubectl.run(["scale", deployment, "--replicas=2"]);
      await until(async () => (await voicePods(world)).size === 2, {
        what: "Two pods",
        timeoutMs: 60_000,
      });
      const left = await voicePods(world);
      for (const name of busy) assert.ok(left.has(name), `${name} was taken`);
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

/** The pods with calls, once the operator has given each pod's deletion its cost. */
function busyPods(world: World): Promise<string[]> {
  return until(
    async () => {
      const pods = await world.kubectl.pods(world.podsOf("voice-bridge"));
      const seen = await Promise.all(
        pods.map(async ({ metadata: { name, annotations } }) => {
          const cost = Number(annotations[DELETION_COST] ?? NaN);
          const calls = await liveCalls(world, name);
          return { name, isBusy: calls > 0, isMarked: cost > 0 === calls > 0 };
        }),
      );
      const busy = seen.filter(({ isBusy }) => isBusy);
      return busy.length > 0 && seen.every(({ isMarked }) => isMarked)
        ? busy.map(({ name }) => name)
        : undefined;
    },
    { what: "The cost of each pod", timeoutMs: 60_000, everyMs: 500 },
  );
}

/** What a pod itself says of its calls. */
async function liveCalls(world: World, pod: string): Promise<number> {
  const metrics = await world.kubectl.run([
    "get",
    "--raw",
    `/api/v1/namespaces/${world.config.E2E_NAMESPACE}/pods/${pod}:4100/proxy/metrics`,
  ]);
  const said = /^easymo_voice_calls_active(?:\{[^}]*\})? (\d+)$/m.exec(metrics);
  return Number(said?.[1] ?? NaN);
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
