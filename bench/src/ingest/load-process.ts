import { answerCommands } from "../run/answering.js";
import { ingestLoadCommand } from "./protocol.js";
import { RequestLoad } from "./request-load.js";

const load = new RequestLoad();

answerCommands(ingestLoadCommand, async (command) => {
  switch (command.do) {
    case "start":
      await load.start(command);
      return {};
    case "warm_up":
      await load.answeredRequests(command.requests);
      return {};
    case "begin_window":
      load.beginWindow();
      return {};
    case "end_window":
      return load.endWindow();
    case "stop": {
      const totals = await load.stop();
      setImmediate(() => process.exit(0));
      return totals;
    }
  }
});
