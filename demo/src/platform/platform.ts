import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AgentCoreClient,
  createAgentCoreClient,
} from "@easymo/agent-core-client";
import type { CarrierSimulator } from "@easymo/carrier-simulator";
import { DeadLetters } from "@easymo/broker-orchestrator";
import { type Bus, createMemoryBus, createStore } from "@easymo/messaging";
import {
  createRealtimeSimulator,
  type Faults,
} from "@easymo/realtime-simulator";
import { listen, type ServiceApp } from "@easymo/service-kit";
import { agentCoreApp, seedEveryTenant } from "./agent-core.js";
import { brokerOrchestratorApp } from "./broker-orchestrator.js";
import { ConversationBook } from "../conversations/conversation-book.js";
import { SipDoor } from "../sip/sip-door.js";
import { newMetaAccount } from "../whatsapp/account.js";
import { MediaStore } from "../whatsapp/media.js";
import { WhatsAppNetwork } from "../whatsapp/network.js";
import { WebhookSender } from "../whatsapp/webhook-sender.js";
import { kitFor, type PlatformOptions } from "./kit.js";
import { newSecret } from "./secret.js";
import { sharedBus } from "./shared-bus.js";
import { sipIngressApp } from "./sip-ingress.js";
import {
  createCarrier,
  newCarrierAccount,
  type Surroundings,
  voiceBridgeApp,
} from "./voice-bridge.js";
import { graphApiApp, whatsAppBotApp } from "./whatsapp.js";

/** WhatsApp, as people have it. */
export interface WhatsApp {
  readonly network: WhatsAppNetwork;
  readonly media: MediaStore;
  /** Brings webhooks to the bot, for those that no telephone causes. */
  readonly webhooks: WebhookSender;
}

/** What became one conversation of the doors, and what was given up. */
export interface Orchestration {
  readonly book: ConversationBook;
  readonly deadLetters: DeadLetters;
}

/** The services, each listening on a loopback port of its own. */
export interface Platform {
  readonly bus: Bus;
  readonly carrier: CarrierSimulator;
  readonly agentCore: AgentCoreClient;
  /** voice-bridge's address, and the token of its calls API. */
  readonly voiceUrl: string;
  readonly voiceApiToken: string;
  /** What goes wrong in the offline model; undefined with the real one. */
  readonly modelFaults: Faults | undefined;
  readonly whatsApp: WhatsApp;
  readonly sip: SipDoor;
  readonly orchestration: Orchestration;
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

/** All services share one thread here, the database included. */
const PATIENCE_MS = 10_000;

/** What every service behind a door is given. */
interface Common {
  readonly bus: Bus;
  readonly agentCoreUrl: string;
  readonly jwtSecret: string;
}

class Starting {
  readonly #options: PlatformOptions;
  readonly #endings: (() => void | Promise<void>)[] = [];
  #modelFaults: Faults | undefined;

  constructor(options: PlatformOptions) {
    this.#options = options;
  }

  async run(): Promise<Platform> {
    const options = this.#options;
    const jwtSecret = newSecret();
    const { app, database } = agentCoreApp(options, jwtSecret);
    const agentCoreUrl = await this.#listen(app);
    await seedEveryTenant(options, database);
    const ownBus = createMemoryBus(kitFor("bus", options));
    this.#endings.push(() => ownBus.close());
    const bus = sharedBus(ownBus);
    const common = { bus, agentCoreUrl, jwtSecret };
    const voice = await this.#voice(common);
    const whatsApp = await this.#whatsApp(common);
    const sip = await this.#sip(bus);
    const orchestration = await this.#orchestration(common, voice);
    const agentCore = this.#agentCore(common);
    const close = () => this.close();
    return {
      bus,
      agentCore,
      ...voice,
      modelFaults: this.#modelFaults,
      whatsApp,
      sip,
      orchestration,
      close,
    };
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

  async #voice(common: Common) {
    const options = this.#options;
    const account = newCarrierAccount();
    const carrier = createCarrier(options, account);
    this.#endings.push(() => carrier.close());
    const voiceApiToken = newSecret();
    const around: Surroundings = {
      ...common,
      agentCore: this.#agentCore(common),
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
    return { carrier, voiceUrl, voiceApiToken };
  }

  async #whatsApp(common: Common): Promise<WhatsApp> {
    const options = this.#options;
    const { clock } = options;
    const account = newMetaAccount();
    const webhooks = new WebhookSender({ appSecret: account.appSecret, clock });
    const network = new WhatsAppNetwork({ webhooks, clock });
    const media = new MediaStore();
    const meta = { account, network, media };
    const graphUrl = await this.#listen(graphApiApp(options, meta));
    const agentCore = this.#agentCore(common);
    const botUrl = await this.#listen(
      whatsAppBotApp(options, { ...common, agentCore, account, graphUrl }),
    );
    webhooks.pointAt(`${botUrl}/webhook`);
    this.#endings.push(() => webhooks.close());
    return { network, media, webhooks };
  }

  async #sip(bus: Bus): Promise<SipDoor> {
    const { routing } = this.#options;
    const tenants = routing.channels
      .filter(({ kind }) => kind === "sip")
      .map(({ tenant }) => tenant);
    const tokens = new Map(tenants.map((tenant) => [tenant, newSecret()]));
    const app = sipIngressApp(this.#options, { bus, tokens });
    return new SipDoor({ url: await this.#listen(app), tokens });
  }

  async #orchestration(
    common: Common,
    voice: { readonly voiceUrl: string; readonly voiceApiToken: string },
  ): Promise<Orchestration> {
    const kit = kitFor("dead-letters", this.#options);
    const { clock } = kit;
    const store = createStore("memory:", kit);
    const book = new ConversationBook(clock);
    const app = brokerOrchestratorApp(this.#options, {
      ...common,
      ...voice,
      store: book.watching(store),
      clientOf: () => this.#agentCore(common),
    });
    await this.#listen(app);
    const { bus } = common;
    const { keyValue } = store;
    return { book, deadLetters: new DeadLetters({ bus, keyValue, clock }) };
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
    const simulator = createRealtimeSimulator({ kit, voice });
    this.#modelFaults = simulator.faults;
    const url = await this.#listen(simulator);
    return {
      OPENAI_API_KEY: "offline",
      OPENAI_REALTIME_URL: `${url.replace("http", "ws")}/v1/realtime`,
    };
  }

  #agentCore({ agentCoreUrl: baseUrl, jwtSecret }: Common): AgentCoreClient {
    const { clock, logger } = kitFor("agent-core-client", this.#options);
    const client = createAgentCoreClient({
      baseUrl,
      jwtSecret,
      timeoutMs: PATIENCE_MS,
      clock,
      logger,
    });
    this.#endings.push(() => client.close());
    return client;
  }

  async #temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "easymo-demo-"));
    this.#endings.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }
}
