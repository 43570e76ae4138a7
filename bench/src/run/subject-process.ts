import { performance } from "node:perf_hooks";
import { waitedForCoreMs } from "../load/core-wait.js";
import { startSubject } from "../subjects/start-subject.js";
import type { Subject } from "../subjects/subject.js";
import { answerCommands } from "./answering.js";
import { Profiler } from "./profiler.js";
import { subjectCommand, type Usage } from "./protocol.js";

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

function usageNow(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    atMs: performance.now(),
    cpuUserMs: user / 1_000,
    cpuSystemMs: system / 1_000,
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    waitedMs: waitedForCoreMs(),
  };
}
