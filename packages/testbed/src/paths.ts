import { fileURLToPath } from "node:url";

// The same from src/ (tests) and from dist/ (everyone else).
const here = new URL("./", import.meta.url);

/** The path of a script of infrastructure/kafka. */
export function kafkaScript(name: string): string {
  return fileURLToPath(new URL(`../../../infrastructure/kafka/${name}`, here));
}

/** The path of a script of this package. */
export function ownScript(name: string): string {
  return fileURLToPath(new URL(`../scripts/${name}`, here));
}
