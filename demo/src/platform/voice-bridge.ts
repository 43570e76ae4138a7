import { randomBytes } from "node:crypto";
import type { AgentCoreClient } from "@easymo/agent-core-client";
import { CarrierSimulator } from "@easymo/carrier-simulator";
import { type Bus, createStore } from "@easymo/messaging";
import { fixedRouting } from "@easymo/routing";
import type { ServiceApp } from "@easymo/service-kit";
import { createVoiceBridge, readVoiceBridgeConfig } from "@easymo/voice-bridge";
import { kitFor, type PlatformOptions } from "./kit.js";
import { newSecret } from "./secret.js";

/** What the outside would call voice-bridge; the carrier knows better. */
const PUBLIC_URL = "https://voice.easymo.example";

/** The account at the phone company that the demo is. */
export interface CarrierAccount {
  readonly sid: string;
  readonly authToken: string;
}

/** A phone company whose telephones are those of the console. */
export function createCarrier(
  { voice, clock, lineSpeed }: PlatformOptions,
  account: CarrierAccount,
): CarrierSimulator {
  return new CarrierSimulator({
    accountSid: account.sid,
    authToken: account.authToken,
    voiceUrl: PUBLIC_URL,
    publicUrl: PUBLIC_URL,
    answerAs: "ring",
    speed: lineSpeed,
    announcer: (text, language) => voice.speak(text, language ?? "en"),
    recordHeard: false,
    clock,
  });
}

export function newCarrierAccount(): CarrierAccount {
  return {
    sid: `AC${randomBytes(16).toString("hex")}`,
    authToken: newSecret(),
  };
}

/** Where voice-bridge finds what it needs. */
export interface Surroundings {
  readonly bus: Bus;
  readonly agentCore: AgentCoreClient;
  readonly agentCoreUrl: string;
  readonly jwtSecret: string;
  readonly account: CarrierAccount;
  readonly carrierUrl: string;
  readonly apiToken: string;
  readonly spoolFolder: string;
  /** `OPENAI_*` of the model that answers. */
  readonly model: Readonly<Record<string, string | undefined>>;
}

export function voiceBridgeApp(
  options: PlatformOptions,
  around: Surroundings,
): ServiceApp {
  const kit = kitFor("voice-bridge", options);
  const config = readVoiceBridgeConfig({
    KAFKA_BROKERS: "memory:",
    REDIS_URL: "memory:",
    ROUTING_FILE: "routing.yaml",
    AGENT_CORE_URL: around.agentCoreUrl,
    AGENT_CORE_JWT_SECRET: around.jwtSecret,
    PUBLIC_URL,
    TWILIO_ACCOUNT_SID: around.account.sid,
    TWILIO_AUTH_TOKEN: around.account.authToken,
    TWILIO_API_URL: around.carrierUrl,
    VOICE_API_TOKEN: around.apiToken,
    DRAIN_SECONDS: "0",
    SPOOL_DIR: around.spoolFolder,
    ...around.model,
  });
  return createVoiceBridge(config, {
    ...kit,
    bus: around.bus,
    store: createStore("memory:", kit),
    routing: fixedRouting(options.routing),
    agentCore: around.agentCore,
  });
}
