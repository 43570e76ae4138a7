import { answerCommands } from "../run/answering.js";
import { Profiler } from "../run/profiler.js";
import { usageNow } from "../run/usage.js";
import { followingCommand } from "./protocol.js";
import { startFollowingSubject } from "./start-subject.js";
import type { FollowingSubject } from "./subject.js";

let subject: FollowingSubject | undefined;
const profiler = new Profiler();

answerCommands(followingCommand, async (command) => {
  switch (command.do) {
    case "start":
      subject = await startFollowingSubject(command.name, command.world);
      return {};
    case "progress":
      if (command.collectGarbage) globalThis.gc?.();
      return { handled: (await subject?.handled()) ?? 0, usage: usageNow() };
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
