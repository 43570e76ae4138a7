import { answerCommands } from "../run/answering.js";
import { Profiler } from "../run/profiler.js";
import { usageNow } from "../run/usage.js";
import { ingestSubjectCommand } from "./protocol.js";
import { startIngestSubject } from "./start-subject.js";
import type { IngestSubject } from "./subject.js";

let subject: IngestSubject | undefined;
const profiler = new Profiler();

answerCommands(ingestSubjectCommand, async (command) => {
  switch (command.do) {
    case "start":
      subject = await startIngestSubject(command.name, command.world);
      return { port: subject.port };
    case "usage":
      return usageNow();
    case "begin_profile":
      await profiler.begin();
      return {};
    case "end_profile":
      await profiler.end(command.file);
      return {};
    case "stop":
      await subject?.close();
      setImmediate(() => process.exit(0));
      return {};
  }
});
