import { fileURLToPath } from "node:url";
import { command } from "../cluster/command.js";
import type { E2eConfig } from "../config.js";
import type { Step } from "../story/story.js";

const BUILD = fileURLToPath(
  new URL("../../../scripts/images.sh", import.meta.url),
);
const MINUTE_MS = 60_000;

/** Builds the images, and brings them to the cluster. */
export async function images(
  step: Step,
  config: E2eConfig,
  services: readonly string[],
  print: (text: string) => void,
): Promise<void> {
  if (config.E2E_IMAGES === "build") {
    await step(
      "builds each service's image: under 250 MB, nobody's root, no shell",
      async () => {
        const { stdout } = await command(BUILD, [], {
          timeoutMs: 30 * MINUTE_MS,
        });
        print(stdout.replace(/^(?=docker|.*: \d+ MB)/gm, "    "));
      },
      { timeoutMs: 30 * MINUTE_MS },
    );
  }
  const load = config.E2E_LOAD_IMAGES;
  if (load === undefined) return;
  await step(
    "loads them",
    async () => {
      const [program = "", ...args] = load.split(" ");
      for (const service of services) {
        const name = `${config.IMAGE_REGISTRY}/${service}:${config.IMAGE_TAG}`;
        await command(program, [...args, name]);
      }
    },
    { timeoutMs: 10 * MINUTE_MS },
  );
}
