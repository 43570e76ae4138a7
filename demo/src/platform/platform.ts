import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AgentCoreClient,
  createAgentCoreClient,
} from "@easymo/agent-core-client";
import type { CarrierSimulator } from "@easymo/carrier-simulator";
import { type Bus, createMemoryBus } from "@easymo/messaging";
import { createRealtimeSimulator } from "@easymo/realtime-simulator";
import { listen, type ServiceApp } from "@easymo/service-kit";
import { agentCoreApp } from "./agent-core.js";
import { kitFor, type PlatformOptions } from "./kit.js";
import {
  createCarrier,
  newCarrierAccount,
  newSecret,
  type Surroundings,
  voiceBridgeApp,
} from "./voice-bridge.js";

/** The services, each listening on a loopback port of its own. */
export interface Platform {
  readonly bus: Bus;
  readonly carrier: CarrierSimulator;
  readonly agentCore: AgentCoreClient;
  /** voice-bridge's address, and the token of its calls API. */
  readonly voiceUrl: string;
  readonly voiceApiToken: string;
  /** Ends the services, the last one first. */
  close(): Promise<void>;
}

/** Starts every service; when one fails, what was started is ended again. */
export async function startPlatform(
  options: PlatformOptions,
): Promise<Platform> {
  const starting = new Starting(options);
  try {
    return await starting.run();
  } catch (error) {
    await starting.close();
    throw error;
  }
}

class Starting {
  readonly #options: PlatformOptions;
  readonly #endings: (() => void | Promise<void>)[] = [];

  constructor(options: PlatformOptions) {
    this.#options = options;
  }

  async run(): Promise<Platform> {
    const options = this.#options;
    const jwtSecret = newSecret();
    const voiceApiToken = newSecret();
    const agentCoreUrl = await this.#listen(agentCoreApp(options, jwtSecret));
    const account = newCarrierAccount();
    const carrier = createCarrier(options, account);
    this.#endings.push(() => carrier.close());
    const bus = createMemoryBus(kitFor("bus", options));
    const around: Surroundings = {
      bus,
      agentCore: this.#agentCore(agentCoreUrl, jwtSecret),
      agentCoreUrl,
      jwtSecret,
      account,
      carrierUrl: await carrier.listen(),
      apiToken: voiceApiToken,
      spoolFolder: await this.#temporaryFolder(),
      model: await this.#model(),
    };
    const voiceUrl = await this.#listen(voiceBridgeApp(options, around));
    carrier.pointAt({
      voiceUrl: `${voiceUrl}/twilio/voice`,
      statusUrl: `${voiceUrl}/twilio/status`,
    });
    // Calls end before the bridge does, as when their callers hang up.
    this.#endings.push(() => carrier.close());
    const agentCore = this.#agentCore(agentCoreUrl, jwtSecret);
    const close = () => this.close();
    return { bus, carrier, agentCore, voiceUrl, voiceApiToken, close };
  }

  /** Rejects with everything that did not end as it should, having tried all. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#endings.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, "The platform did not end cleanly.");
    }
  }

  async #listen(app: ServiceApp): Promise<string> {
    const running = await listen(app, { port: 0, host: "127.0.0.1" });
    this.#endings.push(() => running.close());
    return running.url;
  }

  /** The real model where there is a key for it, the offline one otherwise. */
  async #model(): Promise<Surroundings["model"]> {
    const { config, voice } = this.#options;
    if (config.OPENAI_API_KEY !== undefined) {
      return {
        OPENAI_API_KEY: config.OPENAI_API_KEY,
        OPENAI_REALTIME_URL: config.OPENAI_REALTIME_URL,
        OPENAI_REALTIME_MODEL: config.OPENAI_REALTIME_MODEL,
      };
    }
    const kit = kitFor("realtime-simulator", this.#options);
    const url = await this.#listen(createRealtimeSimulator({ kit, voice }));
    return {
      OPENAI_API_KEY: "offline",
      OPENAI_REALTIME_URL: `${url.replace("http", "ws")}/v1/realtime`,
    };
  }

  #agentCore(baseUrl: string, jwtSecret: string): AgentCoreClient {
    const { clock, logger } = kitFor("agent-core-client", this.#options);
    const client = createAgentCoreClient({ baseUrl, jwtSecret, clock, logger });
    this.#endings.push(() => client.close());
    return client;
  }

  async #temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "easymo-demo-"));
    this.#endings.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }
}
