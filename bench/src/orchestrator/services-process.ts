import { once } from "node:events";
import { createServer } from "node:http";
import { answerCommands } from "../run/answering.js";
import { servicesCommand } from "./protocol.js";

/** How long the services that are called take. */
const ANSWER_MS = 20;
const LEAD = JSON.stringify({
  lead: {
    leadId: "lead-1",
    phone: "+250721000000",
    userId: null,
    name: null,
    language: "en",
    tags: [],
    optedOut: false,
    optIn: null,
    source: "voice",
    lastChannel: "voice",
  },
});

let calls = 0;
const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    setTimeout(() => {
      calls += 1;
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(LEAD),
      });
      response.end(LEAD);
    }, ANSWER_MS);
  });
});
server.keepAliveTimeout = 60_000;

answerCommands(servicesCommand, async (command) => {
  switch (command.do) {
    case "listen": {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string")
        throw new Error("no port");
      return { port: address.port };
    }
    case "answered":
      return { calls };
    case "stop":
      setImmediate(() => process.exit(0));
      return {};
  }
});
