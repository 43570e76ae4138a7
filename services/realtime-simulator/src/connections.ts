import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ServiceKit } from "@easymo/service-kit";
import { type WebSocket, WebSocketServer } from "ws";
import type { SipGateway } from "./calls/sip-gateway.js";
import type { Fault, Faults } from "./faults.js";
import { admit } from "./handshake.js";
import type { ErrorDetails } from "./protocol/errors.js";
import { Session } from "./session/session.js";
import type {
  SessionOptions,
  SessionView,
  Transport,
} from "./session/session-options.js";

// An append holds at most 15 MiB of audio, which is a third more in base64.
const MAX_MESSAGE_BYTES = 21 * 1024 * 1024;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_REFUSED = 4000;

interface ConnectionsOptions extends Omit<
  SessionOptions,
  "transport" | "model" | "clock" | "logger" | "line"
> {
  readonly kit: ServiceKit;
  readonly gateway: SipGateway;
}

/** The WebSockets of the simulator, one session on each. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #faults: Faults;
  readonly #gateway: SipGateway;
  readonly #sessions = new Map<WebSocket, Session>();
  /** Sockets beside a call's own session. */
  readonly #sideBands = new Set<WebSocket>();
  /** Upgrades that are never answered. */
  readonly #unanswered = new Set<Duplex>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) =>
      offered.has("realtime") ? "realtime" : false,
  });
  #taking = true;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#faults = options.faults;
    this.#gateway = options.gateway;
    options.kit.metrics.gauge(
      "easymo_simulator_sessions_active",
      "Sessions of the offline model that are open.",
      [],
      (gauge) => gauge.set(this.views().length),
    );
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const fault = this.#faults.atConnection("upgrade");
    if (fault?.kind === "never_answer") {
      this.#unanswered.add(socket);
      socket.once("close", () => this.#unanswered.delete(socket));
      return;
    }
    if (fault?.kind === "refuse_connection" || !this.#taking) {
      const status = fault?.kind === "refuse_connection" ? fault.status : 503;
      answerHttp(socket, status, {
        type: "server_error",
        code: "server_error",
        message: "The server is not taking connections.",
        param: null,
      });
      return;
    }
    const admission = admit(
      req,
      (callId) => this.#gateway.find(callId)?.isLive === true,
    );
    switch (admission.kind) {
      case "not_found":
      case "unauthorized":
        answerHttp(socket, admission.status, admission.error);
        return;
      case "refused":
        this.#server.handleUpgrade(req, socket, head, (ws) =>
          refuse(ws, admission.error),
        );
        return;
      case "side_band":
        this.#server.handleUpgrade(req, socket, head, (ws) =>
          this.#join(ws, admission.callId),
        );
        return;
      case "accepted":
        this.#server.handleUpgrade(req, socket, head, (ws) =>
          this.#open(ws, admission.model),
        );
    }
  }

  views(): SessionView[] {
    const onCalls = this.#gateway.calls.flatMap(({ isLive, session }) =>
      isLive && session !== undefined ? [session] : [],
    );
    return [...this.#sessions.values(), ...onCalls].map((session) =>
      session.view(),
    );
  }

  /** Cuts every connection, as a network does. */
  drop(): void {
    for (const ws of this.#sockets()) {
      ws.terminate();
    }
  }

  stopTaking(): void {
    this.#taking = false;
  }

  /** Ends every session properly; resolves when all sockets are gone. */
  async close(): Promise<void> {
    this.#taking = false;
    this.#unanswered.forEach((socket) => socket.destroy());
    this.#gateway.close();
    const gone = this.#sockets().map((ws) => {
      const closed = new Promise((resolve) => ws.once("close", resolve));
      ws.close(CLOSE_GOING_AWAY, "The simulator is shutting down.");
      // A client that does not answer the close is not waited for.
      const timer = this.#options.kit.clock.setTimeout(
        () => ws.terminate(),
        500,
      );
      return closed.finally(() => timer.cancel());
    });
    await Promise.all(gone);
    this.#server.close();
  }

  #sockets(): WebSocket[] {
    return [...this.#sessions.keys(), ...this.#sideBands];
  }

  /** A client beside the session of a call: the session outlives it. */
  #join(ws: WebSocket, callId: string): void {
    const call = this.#gateway.find(callId);
    const client = transportOf(ws);
    this.#sideBands.add(ws);
    ws.on("error", () => ws.terminate());
    ws.on("close", () => {
      this.#sideBands.delete(ws);
      call?.detach(client);
    });
    ws.on("message", (data: Buffer, isBinary) => {
      if (isBinary) call?.session?.receiveBinary();
      else call?.session?.receive(data.toString());
    });
    call?.attach(client);
  }

  #open(ws: WebSocket, model: string): void {
    const { kit, gateway: _gateway, ...options } = this.#options;
    const session = new Session({
      ...options,
      model,
      clock: kit.clock,
      logger: kit.logger,
      transport: transportOf(ws),
    });
    this.#sessions.set(ws, session);
    ws.on("close", () => {
      session.ended();
      this.#sessions.delete(ws);
    });
    ws.on("error", (error) =>
      kit.logger.debug({ err: error }, "a client broke the WebSocket protocol"),
    );
    const fault = this.#faults.atConnection("connect");
    if (!fault || !begin(ws, fault)) {
      session.open();
      ws.on("message", (data: Buffer, isBinary) =>
        isBinary ? session.receiveBinary() : session.receive(data.toString()),
      );
    }
  }
}

/** Lets a new connection go wrong; whether that is all that happens on it. */
function begin(ws: WebSocket, fault: Fault): boolean {
  switch (fault.kind) {
    case "drop_connection":
      ws.terminate();
      return true;
    case "garbage":
      ws.send('{"type":"session.crea\u0000');
      return false;
    default:
      return true;
  }
}

function transportOf(ws: WebSocket): Transport {
  return {
    send: (text) => ws.send(text),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  };
}

function refuse(ws: WebSocket, error: ErrorDetails): void {
  const event_id = "event_refused";
  ws.on("error", () => ws.terminate());
  ws.send(
    JSON.stringify({
      type: "error",
      event_id,
      error: { ...error, event_id: null },
    }),
  );
  ws.close(CLOSE_REFUSED, `${error.type}.${error.code ?? ""}`);
}

const REASONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  404: "Not Found",
  503: "Service Unavailable",
};

function answerHttp(socket: Duplex, status: number, error: ErrorDetails): void {
  const body = JSON.stringify({ error });
  socket.end(
    [
      `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
