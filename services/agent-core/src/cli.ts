import process from "node:process";
import { createLogger, systemClock } from "@easymo/service-kit";
import { runCommand } from "./commands.js";
import { processEnvironment } from "./config.js";

process.exitCode = await runCommand(process.argv.slice(2), {
  env: processEnvironment(),
  clock: systemClock,
  // What the commands have to say is for whoever started them.
  logger: createLogger({ name: "agent-core", level: "fatal" }),
  print: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
});
