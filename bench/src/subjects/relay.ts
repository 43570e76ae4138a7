import { once } from "node:events";
import { createServer } from "node:http";
import WebSocket, { WebSocketServer } from "ws";
import {
  MEDIA_PATH,
  MEDIA_TOKEN,
  type Subject,
  type SubjectWorld,
} from "./subject.js";

/** How a bare relay turns messages of one side into messages of the other. */
export interface Translation {
  /** What the model is sent for a message of the caller; undefined for nothing. */
  toModel(message: Buffer): string | undefined;
  /** What the caller is sent for a message of the model; empty for nothing. */
  toCaller(message: Buffer, streamSid: string): readonly string[];
}

const START = '{"event":"start"';
const SOCKET_OPTIONS = { perMessageDeflate: false, skipUTF8Validation: true };

/**
 * The least that can be called a bridge: two `ws` sockets per call, and a
 * translation between them. No signature, no session, no ledger, no events.
 */
export async function startRelay(
  world: SubjectWorld,
  translation: Translation,
): Promise<Subject> {
  const http = createServer();
  const callers = new WebSocketServer({
    server: http,
    path: MEDIA_PATH,
    ...SOCKET_OPTIONS,
  });
  callers.on("connection", (caller) => carry(caller, world, translation));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string")
    throw new Error("the relay has no port");
  return {
    address: { port: address.port, path: MEDIA_PATH, token: MEDIA_TOKEN },
    close: async () => {
      for (const caller of callers.clients) caller.terminate();
      callers.close();
      http.close();
      await once(http, "close");
    },
  };
}

function carry(
  caller: WebSocket,
  world: SubjectWorld,
  translation: Translation,
): void {
  const model = new WebSocket(
    `ws://127.0.0.1:${world.worldPort}/v1/realtime?model=gpt-realtime`,
    SOCKET_OPTIONS,
  );
  let early: string[] | undefined = [];
  let streamSid = "";
  model.on("open", () => {
    for (const message of early ?? []) model.send(message);
    early = undefined;
  });
  caller.on("message", (data) => {
    if (!Buffer.isBuffer(data)) return;
    if (streamSid === "") streamSid = streamSidOf(data);
    const message = translation.toModel(data);
    if (message === undefined) return;
    if (early === undefined) model.send(message);
    else early.push(message);
  });
  model.on("message", (data) => {
    if (!Buffer.isBuffer(data)) return;
    for (const message of translation.toCaller(data, streamSid))
      caller.send(message);
  });
  caller.on("close", () => model.terminate());
  model.on("close", () => caller.close());
  caller.on("error", () => caller.terminate());
  model.on("error", () => model.terminate());
}

function streamSidOf(data: Buffer): string {
  const text = data.toString("latin1");
  return text.startsWith(START)
    ? (/"streamSid":"([^"]+)"/.exec(text)?.[1] ?? "")
    : "";
}
