import { answerCommands } from "../run/answering.js";
import { ingestLoadCommand } from "./protocol.js";
import { RequestLoad } from "./request-load.js";

const load = new RequestLoad();

answerCommands(ingestLoadCommand, async (command) => {
  switch (command.do) {
    case "connect":
      await load.connect(command);
      return {};
    case "run":
      load.run(command.perSecond);
      return {};
    case "answered":
      await load.answeredRequests(command.requests);
      return {};
    case "begin_window":
      load.beginWindow();
      return {};
    case "end_window":
      return load.endWindow();
    case "pause":
      return await load.pause();
    case "stop":
      load.close();
      setImmediate(() => process.exit(0));
      return {};
  }
});
