import { processEnvironment } from "./config.js";
import { runDeadLetters } from "./run.js";

process.exitCode = await runDeadLetters(
  process.argv.slice(2),
  processEnvironment(),
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  },
);
