import { Load } from "../load/load.js";
import { answerCommands } from "./answering.js";
import { loadCommand } from "./protocol.js";

let load: Load | undefined;

answerCommands(loadCommand, async (command) => {
  if (command.do === "listen") {
    load = new Load(command.settings);
    return await load.listen();
  }
  if (load === undefined) throw new Error("listen comes first");
  switch (command.do) {
    case "open":
      await load.open(command.subject, command.calls);
      return {};
    case "begin_window":
      load.beginWindow();
      return {};
    case "end_window":
      return load.endWindow();
    case "probe":
      return { reports: await load.probe(command.durationMs) };
    case "stop":
      return await load.stop();
  }
});
