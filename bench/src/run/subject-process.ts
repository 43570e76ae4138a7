import { startSubject } from "../subjects/start-subject.js";
import type { Subject } from "../subjects/subject.js";
import { answerCommands } from "./answering.js";
import { Profiler } from "./profiler.js";
import { subjectCommand } from "./protocol.js";
import { usageNow } from "./usage.js";

let subject: Subject | undefined;
const profiler = new Profiler();

answerCommands(subjectCommand, async (command) => {
  switch (command.do) {
    case "start":
      subject = await startSubject(command.name, command.world);
      return { address: subject.address };
    case "usage":
      if (command.collectGarbage) collectGarbage();
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

function collectGarbage(): void {
  if (globalThis.gc === undefined)
    throw new Error("run with --expose-gc to collect garbage");
  globalThis.gc();
  globalThis.gc();
}
