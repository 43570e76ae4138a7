import type { z } from "zod";
import { question } from "./protocol.js";

/** A child process's side: answers the runner's commands, one after the other. */
export function answerCommands<C>(
  schema: z.ZodType<C>,
  answer: (command: C) => Promise<object>,
): void {
  const reply = (message: object): void => {
    process.send?.(message);
  };
  let last = Promise.resolve();
  process.on("message", (message) => {
    const { id, command } = question.parse(message);
    last = last.then(async () => {
      try {
        reply({ id, result: await answer(schema.parse(command)) });
      } catch (error) {
        reply({ id, error: error instanceof Error ? error.message : "failed" });
      }
    });
  });
  process.on("disconnect", () => process.exit(0));
}
