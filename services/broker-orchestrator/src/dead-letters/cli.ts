import { processEnvironment } from "./config.js";
import { runDeadLetters } from "./run.js";

// Whoever reads may have had enough: `dlq list | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await runDeadLetters(
  process.argv.slice(2),
  processEnvironment(),
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  },
);
