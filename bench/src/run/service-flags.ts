import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest = z.object({ scripts: z.object({ start: z.string() }) });

/**
 * The flags of Node that a service starts with (they bound V8's memory), so
 * that it is measured as it runs.
 */
export function serviceNodeFlags(service: string): string[] {
  const file = new URL(
    "../package.json",
    import.meta.resolve(`@easymo/${service}`),
  );
  const { scripts } = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}
