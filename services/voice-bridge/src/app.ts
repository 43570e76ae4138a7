import type { AgentCoreClient } from "@easymo/agent-core-client";
import { SpooledPublisher, type Bus, type Store } from "@easymo/messaging";
import {
  AgentTokens,
  ChannelTraffic,
  type RoutingSource,
} from "@easymo/routing";
import type { ServiceApp, ServiceKit, Timer } from "@easymo/service-kit";
import { CallEvents } from "./call/call-events.js";
import { createCallPorts } from "./call-ports.js";
import type { VoiceBridgeConfig } from "./config.js";
import { createHttp } from "./http.js";
import { FrameArena } from "./media/frame-writer.js";
import { voiceMetrics, type VoiceMetrics } from "./metrics.js";
import { OptOutRegistrar } from "./opt-outs/opt-out-registrar.js";
import { PaymentMessages } from "./payment/payment-messages.js";
import { AgentLimits } from "./registry/agent-limits.js";
import { Admissions } from "./registry/admissions.js";
import { callEnded } from "./registry/call-ended.js";
import { CallRegistry } from "./registry/call-registry.js";
import { HungUpCalls } from "./registry/hung-up-calls.js";
import { StreamOutcomes } from "./registry/stream-outcomes.js";
import { AgentCalls } from "./replicas/agent-calls.js";
import { HeldEvents } from "./replicas/held-events.js";
import { Replica } from "./replicas/replica.js";
import { SipGateway } from "./telephony/openai-sip/sip-gateway.js";
import { MediaEndpoint } from "./telephony/twilio/media-endpoint.js";

/** What voice-bridge is composed of; nothing of it is started here. */
export interface VoiceBridgeDeps extends ServiceKit {
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
  readonly agentCore: AgentCoreClient;
}

const TICK_MS = 200;
const SPOOL_MAX_BYTES = 512 * 1024 * 1024;
const FLUSH_TIMEOUT_MS = 10_000;
/** How long the carrier may take to ask how a call goes on. */
const CONTINUATION_TIMEOUT_MS = 3_000;

/** The bridge between callers and the model. */
export function createVoiceBridge(
  config: VoiceBridgeConfig,
  deps: VoiceBridgeDeps,
): ServiceApp {
  return new VoiceBridge(config, deps);
}

class VoiceBridge implements ServiceApp {
  readonly http: ServiceApp["http"];
  readonly #config: VoiceBridgeConfig;
  readonly #deps: VoiceBridgeDeps;
  readonly #metrics: VoiceMetrics;
  readonly #publisher: SpooledPublisher;
  readonly #heldEvents: HeldEvents;
  readonly #events: CallEvents;
  readonly #optOuts: OptOutRegistrar;
  readonly #payments: PaymentMessages;
  readonly #outcomes: StreamOutcomes;
  readonly #hungUp: HungUpCalls;
  readonly #registry: CallRegistry;
  readonly #replica: Replica;
  readonly #agentCalls: AgentCalls;
  readonly #agentTokens: AgentTokens;
  readonly #limits: AgentLimits;
  readonly #admissions: Admissions;
  readonly #media: MediaEndpoint;
  readonly #sip: SipGateway;
  readonly #modelSessionMaxMs: number;
  #ticker: Timer | undefined;

  constructor(config: VoiceBridgeConfig, deps: VoiceBridgeDeps) {
    const { clock, logger, bus, store } = deps;
    this.#config = config;
    this.#deps = deps;
    this.#modelSessionMaxMs = config.MODEL_SESSION_MAX_SECONDS * 1_000;
    this.#metrics = voiceMetrics(
      deps.metrics,
      () => this.#registry.activeCount,
    );
    this.#publisher = new SpooledPublisher({
      bus,
      directory: config.SPOOL_DIR,
      maxBytes: SPOOL_MAX_BYTES,
      logger,
      metrics: deps.metrics,
      clock,
    });
    this.#heldEvents = new HeldEvents(this.#publisher);
    this.#events = new CallEvents(this.#heldEvents, clock, logger);
    this.#outcomes = new StreamOutcomes(store.keyValue, logger);
    this.#hungUp = new HungUpCalls(store.keyValue, logger);
    const agentCore = (tenantId: string, requestId: string) =>
      deps.agentCore.forTenant(tenantId, { requestId });
    this.#optOuts = new OptOutRegistrar({
      agentCore,
      keyValue: store.keyValue,
      clock,
      logger,
      registered: () => this.#metrics.optOuts.inc({ channel: "voice" }),
    });
    this.#payments = new PaymentMessages({
      agentCore: ({ tenantId, requestId }) => agentCore(tenantId, requestId),
      events: this.#events,
      logger,
    });
    const { keyValue, versioned } = store;
    this.#agentCalls = new AgentCalls({ versioned, clock, logger });
    this.#agentTokens = new AgentTokens({ keyValue, clock });
    this.#limits = new AgentLimits({
      calls: this.#agentCalls,
      tokens: this.#agentTokens,
      reached: this.#metrics.limits,
      clock,
      logger,
    });
    const traffic = new ChannelTraffic({
      metrics: deps.metrics,
      clock,
      routing: () => deps.routing.current(),
      busy: () => this.#registry.busyChannels(),
    });
    const arena = new FrameArena();
    this.#registry = this.#createRegistry(arena);
    const registry = this.#registry;
    this.#replica = new Replica({
      store,
      registry,
      leaseMs: config.CALL_LEASE_SECONDS * 1_000,
      clock,
      logger,
      isFree: () => this.#admissions.capacity() === "free",
      takeOver: (call) => this.#admissions.takeOver(call),
    });
    this.#admissions = this.#createAdmissions();
    this.#sip = this.#createSipGateway();
    const signatures = {
      authTokens: [
        config.TWILIO_AUTH_TOKEN ?? [],
        config.TWILIO_MORE_AUTH_TOKENS,
      ].flat(),
      publicUrl: new URL(config.PUBLIC_URL),
    };
    this.#media = new MediaEndpoint({
      signatures,
      bearerToken: config.TWILIO_MEDIA_AUTH_TOKEN,
      arena,
      clock,
      logger,
      admit: (...stream) => this.#admissions.admit(...stream),
    });
    this.http = createHttp(config, {
      ...deps,
      kit: deps,
      signatures,
      registry,
      directory: this.#replica.directory,
      admissions: this.#admissions,
      limits: this.#limits,
      traffic,
      outcomes: this.#outcomes,
      hungUp: this.#hungUp,
      optOuts: this.#optOuts,
      events: this.#events,
      metrics: this.#metrics,
    });
  }

  upgrade(...parameters: Parameters<NonNullable<ServiceApp["upgrade"]>>): void {
    this.#media.upgrade(...parameters);
  }

  async start(): Promise<void> {
    await this.#publisher.open();
    await Promise.all([this.#replica.start(), this.#sip.start()]);
    this.#agentCalls.start();
    this.#tick();
  }

  stopTaking(): void {
    this.#registry.stopTaking();
    this.#sip.pause();
  }

  /** Live calls go on until they end, or until DRAIN_SECONDS are over. */
  async drain(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#deps.clock.setTimeout(
      late.resolve,
      this.#config.DRAIN_SECONDS * 1_000,
    );
    await Promise.race([this.#registry.empty(), late.promise]);
    timer.cancel();
    for (const call of this.#registry.all())
      call.end("drained", {
        kind: "apologise",
        transferTo: call.identity.agent.transfer?.to,
      });
    await Promise.all([
      this.#outcomes.settled(CONTINUATION_TIMEOUT_MS, this.#deps.clock),
      this.#optOuts.flush(FLUSH_TIMEOUT_MS),
      this.#sip.concluded(),
    ]);
  }

  async close(): Promise<void> {
    this.#ticker?.cancel();
    this.#agentCalls.stop();
    this.#media.close();
    this.#optOuts.close();
    await Promise.all([this.#sip.stop(), this.#replica.close()]);
    await this.#publisher.flush(FLUSH_TIMEOUT_MS);
    await this.#agentTokens.settled();
    await this.#publisher.close();
    await this.#deps.routing.close();
    this.#deps.agentCore.close();
    await Promise.all([this.#deps.bus.close(), this.#deps.store.close()]);
  }

  #createRegistry(arena: FrameArena): CallRegistry {
    const config = this.#config;
    const { clock, logger } = this.#deps;
    return new CallRegistry({
      ports: createCallPorts(config, {
        ...this.#deps,
        arena,
        voice: this.#metrics,
        limits: this.#limits,
        events: this.#events,
        optOuts: this.#optOuts,
        payments: this.#payments,
      }),
      limits: {
        idleMs: config.CALL_IDLE_SECONDS * 1_000,
        sampleMs: config.MEDIA_SAMPLE_SECONDS * 1_000,
      },
      maxCalls: config.MAX_CALLS,
      clock,
      logger,
      progressed: ({ identity }) =>
        this.#replica.ledCalls.changed(identity.callId),
      ended: callEnded({
        leaves: (callId) => this.#replica.ended(callId),
        conclude: (callId, outcome) => this.#sip.conclude(callId, outcome),
        limits: this.#limits,
        outcomes: this.#outcomes,
        hungUp: this.#hungUp,
        metrics: this.#metrics,
        logger,
      }),
      abandoned: (callId) => this.#agentCalls.forget(callId),
    });
  }

  #createAdmissions(): Admissions {
    const { routing, agentCore, logger } = this.#deps;
    return new Admissions({
      registry: this.#registry,
      leases: this.#replica.leases,
      ledCalls: this.#replica.ledCalls,
      clock: this.#deps.clock,
      limits: this.#limits,
      directory: this.#replica.directory,
      hungUp: this.#hungUp,
      events: this.#heldEvents,
      agentCore,
      routing: () => routing.current(),
      modelSessionMaxMs: this.#modelSessionMaxMs,
      model: this.#config.OPENAI_REALTIME_MODEL,
      logger,
    });
  }

  #createSipGateway(): SipGateway {
    const { bus, routing, clock, logger, metrics } = this.#deps;
    return new SipGateway({
      bus,
      metrics,
      clock,
      logger,
      apiKey: this.#config.OPENAI_API_KEY,
      baseUrl: this.#config.OPENAI_BASE_URL,
      routing: () => routing.current(),
      modelSessionMaxMs: this.#modelSessionMaxMs,
      isHere: (callId) => this.#registry.get(callId) !== undefined,
      claim: (callId) => this.#replica.leases.claim(callId),
      release: (callId) => this.#replica.leases.release(callId),
      capacity: () => this.#admissions.capacity(),
      limits: this.#limits,
      begin: (identity) => this.#admissions.lead(identity),
    });
  }

  #tick(): void {
    this.#registry.tick();
    this.#ticker = this.#deps.clock.setTimeout(() => this.#tick(), TICK_MS);
  }
}
