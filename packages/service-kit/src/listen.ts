import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Bag } from "@easymo/bag";
import { answerBrokenRequests } from "./http/broken-requests.js";
import type { Life } from "./phase.js";
import { tieToLife } from "./phase.js";

/** A composed service: nothing has been started yet. */
export interface ServiceApp {
  /** An express app or a plain handler. */
  http: (req: IncomingMessage, res: ServerResponse) => void;
  /** WebSocket upgrades, when the service takes any. */
  upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Begins to consume, watch and so on; the server listens already, not ready before this is done. */
  start(): Promise<void>;
  /** Phase 1, synchronous: stop taking work. `/readyz` answers 503 already. */
  stopTaking?(): void;
  /** Phase 2: resolves when what was taken is finished. HTTP still answers. */
  drain(): Promise<void>;
  /** Phase 3: HTTP is done; close connections, flush. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** For a request's headers, and for the whole of it. */
  readonly requestTimeoutMs?: number;
  /** How long a connection may be idle after an answer. */
  readonly keepAliveTimeoutMs?: number;
}

/** A service that listens. */
export interface RunningService {
  readonly port: number;
  readonly url: string;
  /** The shutdown, phase by phase; a second call waits for the first. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** Longer than the 60 s for which proxies keep their connections, so that it is they who close. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/**
 * Listens, starts the app, and gives the way to end it. Rejects, with everything
 * closed again, when the port is taken or the app does not start.
 */
export async function listen(
  app: ServiceApp,
  options: ListenOptions,
): Promise<RunningService> {
  const listener = await openListener(app, options);
  try {
    await listener.startApp();
  } catch (error) {
    await listener.close().catch(() => undefined);
    throw error;
  }
  return listener;
}

/** A service whose server listens, though the app may not have started. */
export interface Listener extends RunningService {
  startApp(): Promise<void>;
}

/** Listens without starting the app, so that probes answer in the meantime. */
export async function openListener(
  app: ServiceApp,
  options: ListenOptions,
): Promise<Listener> {
  const life: Life = { phase: "starting" };
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const server = createServer({
    headersTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    // Node looks for late requests only every 30 s otherwise.
    connectionsCheckingInterval: Math.min(1_000, timeoutMs),
    keepAliveTimeout: options.keepAliveTimeoutMs ?? KEEP_ALIVE_TIMEOUT_MS,
  });
  const traffic = trackTraffic(server, app, life);
  answerBrokenRequests(server);
  await bind(server, options);

  const shutdown = async (): Promise<void> => {
    const failures: unknown[] = [];
    const attempt = async (step: () => void | Promise<void>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    };
    life.phase = "shutting_down";
    traffic.lastAnswers();
    await attempt(() => app.stopTaking?.());
    await attempt(() => app.drain());
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await traffic.idle();
    await attempt(() => app.close());
    traffic.destroyUpgraded();
    server.closeAllConnections();
    await closed;
    if (failures.length > 0) {
      throw new AggregateError(failures, "the service did not close cleanly");
    }
  };
  let closing: Promise<void> | undefined;

  const port = portOf(server);
  return {
    port,
    url: `http://${urlHost(options.host)}:${port}`,
    async startApp() {
      await app.start();
      if (life.phase === "starting") {
        life.phase = "running";
      }
    },
    close: () => (closing ??= shutdown()),
  };
}

/** Hands traffic to the app, and knows what of it is still open. */
function trackTraffic(server: Server, app: ServiceApp, life: Life) {
  const answers = new Bag<ServerResponse>();
  const upgraded = new Set<Duplex>();
  let whenIdle: (() => void) | undefined;

  server.on("connection", (socket) => {
    tieToLife(socket, life);
  });
  server.on("request", (req, res) => {
    if (life.phase === "shutting_down") {
      res.shouldKeepAlive = false;
    }
    const answer = answers.add(res);
    res.on("close", () => {
      answers.remove(answer);
      if (answers.size === 0) {
        whenIdle?.();
      }
    });
    app.http(req, res);
  });
  const { upgrade } = app;
  if (upgrade !== undefined) {
    server.on("upgrade", (req, socket, head) => {
      upgraded.add(socket);
      socket.once("close", () => upgraded.delete(socket));
      upgrade.call(app, req, socket, head);
    });
  }
  return {
    /**
     * From now on, a connection ends with the answer that it is waiting for. One that waits for none ends at once: what
     * comes next is somebody else's, and a kept connection would bring it here.
     */
    lastAnswers(): void {
      server.closeIdleConnections();
      for (const res of answers.values()) {
        res.shouldKeepAlive = false;
      }
    },
    /** Resolves when no request is being answered. */
    idle(): Promise<void> {
      return new Promise((resolve) => {
        whenIdle = resolve;
        if (answers.size === 0) {
          resolve();
        }
      });
    },
    destroyUpgraded(): void {
      for (const socket of upgraded) {
        socket.destroy();
      }
    },
  };
}

function bind(server: Server, { port, host }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the server does not listen on a port");
  }
  return address.port;
}

/** An address to listen on is not always one to connect to. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") {
    return "127.0.0.1";
  }
  return host.includes(":") ? `[${host}]` : host;
}
