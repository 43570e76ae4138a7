import assert from "node:assert/strict";
import { z } from "zod";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

const podAddress = z.looseObject({
  status: z.looseObject({ podIP: z.string().optional() }),
});

/** Who may call whom. */
export async function policies(step: Step, world: World): Promise<void> {
  const { kubectl } = world;
  await step(
    "lets nobody but the release's own services reach agent-core",
    async () => {
      const [pod] = await kubectl.pods(world.podsOf("agent-core"));
      assert.ok(pod);
      const { status } = await kubectl.get(podAddress, [
        "pod",
        pod.metadata.name,
      ]);
      const url = `http://${status.podIP ?? ""}:4000/healthz`;
      assert.equal(await askFrom(world, "voice-bridge", url), "200");
      assert.equal(await askFrom(world, "sip-ingress", url), "unreachable");
    },
  );
}

/** Asks for an address from within a service's pod: the answer's status, or that there was none. */
async function askFrom(
  world: World,
  service: string,
  url: string,
): Promise<string> {
  const script = `fetch(${JSON.stringify(url)}, {signal: AbortSignal.timeout(5000)}).then((a) => console.log(a.status), () => console.log("unreachable"))`;
  return world.kubectl.run([
    "exec",
    `deployment/${world.nameOf(service)}`,
    "--",
    "/usr/local/bin/node",
    "--eval",
    script,
  ]);
}
