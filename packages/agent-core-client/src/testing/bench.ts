import { createLogger, systemClock } from "@easymo/service-kit";
import {
  AgentCoreError,
  type AgentCoreClient,
  type AgentCoreClientOptions,
  createAgentCoreClient,
} from "../index.js";
import { MisbehavingServer } from "./misbehaving-server.js";

export const jwtSecret = "a secret for tests alone";

/** A lead as a server may answer it. */
export const lead = {
  leadId: "1c2d",
  phone: "+250788123456",
  userId: null,
  name: "Aline",
  language: "rw",
  tags: ["vip"],
  optedOut: false,
};

/** A server that misbehaves, and the clients that talk with it, for one test. */
export class Bench {
  server = new MisbehavingServer();
  baseUrl = "";
  readonly #clients: AgentCoreClient[] = [];

  async start(): Promise<void> {
    this.server = new MisbehavingServer();
    this.baseUrl = await this.server.start();
  }

  /** A client that waits little between attempts. */
  connect(options: Partial<AgentCoreClientOptions> = {}): AgentCoreClient {
    const client = createAgentCoreClient({
      baseUrl: this.baseUrl,
      jwtSecret,
      timeoutMs: 2_000,
      retry: { firstDelayMs: 1, maxDelayMs: 5 },
      clock: systemClock,
      logger: createLogger({ name: "test", level: "silent" }),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.server.stop();
  }
}

/** How a call failed; it is an error when it did not. */
export async function failure(call: Promise<unknown>): Promise<AgentCoreError> {
  const outcome = await call.catch((error: unknown) => error);
  if (outcome instanceof AgentCoreError) return outcome;
  throw new Error(`it did not fail as it should: ${JSON.stringify(outcome)}`);
}
