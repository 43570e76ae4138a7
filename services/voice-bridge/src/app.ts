import type { AgentCoreClient } from "@easymo/agent-core-client";
import {
  createConsumer,
  SpooledPublisher,
  type Bus,
  type EventConsumer,
  type Store,
} from "@easymo/messaging";
import type { RoutingSource } from "@easymo/routing";
import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
  type Timer,
} from "@easymo/service-kit";
import { OpenAI } from "openai";
import { CallEvents } from "./call/call-events.js";
import type { CallIdentity, StreamOutcome } from "./call/call-state.js";
import { createCallPorts } from "./call-ports.js";
import { callsApi } from "./calls-api/calls-routes.js";
import { FrameArena } from "./media/frame-writer.js";
import { voiceMetrics, type VoiceMetrics } from "./metrics.js";
import { OptOutRegistrar } from "./opt-outs/opt-out-registrar.js";
import { PaymentMessages } from "./payment/payment-messages.js";
import { identityOf, type CarrierCall } from "./registry/call-identity.js";
import { CallRegistry } from "./registry/call-registry.js";
import { StreamOutcomes } from "./registry/stream-outcomes.js";
import { callStatusHandler } from "./registry/call-status.js";
import type { MediaLeg, MediaLegListener } from "./telephony/media-leg.js";
import { sipHandOver } from "./telephony/openai-sip/hand-over.js";
import {
  concludeSipCall,
  sideBandLeg,
} from "./telephony/openai-sip/sip-calls.js";
import { MediaEndpoint } from "./telephony/twilio/media-endpoint.js";
import { createTwilioCarrier } from "./telephony/twilio/twilio-carrier.js";
import { twilioWebhooks } from "./telephony/twilio/webhooks.js";
import type { VoiceBridgeConfig } from "./config.js";

/** What voice-bridge is composed of; nothing of it is started here. */
export interface VoiceBridgeDeps extends ServiceKit {
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
  readonly agentCore: AgentCoreClient;
}

const TICK_MS = 200;
const CARRIER_TIMEOUT_MS = 10_000;
/** A caller on a SIP line that nobody speaks on does not wait for long. */
const HAND_OVER_RETRY_DELAYS_MS = [500, 1_000, 2_000];
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
  readonly #events: CallEvents;
  readonly #optOuts: OptOutRegistrar;
  readonly #payments: PaymentMessages;
  readonly #outcomes: StreamOutcomes;
  readonly #registry: CallRegistry;
  readonly #media: MediaEndpoint;
  readonly #sipCalls: EventConsumer;
  readonly #openai: OpenAI;
  readonly #concluding = new Set<Promise<void>>();
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
    this.#events = new CallEvents(this.#publisher, clock, logger);
    this.#outcomes = new StreamOutcomes(store.keyValue, logger);
    this.#optOuts = new OptOutRegistrar({
      agentCore: (tenantId, requestId) =>
        deps.agentCore.forTenant(tenantId, { requestId }),
      keyValue: store.keyValue,
      clock,
      logger,
      registered: () => this.#metrics.optOuts.inc({ channel: "voice" }),
    });
    this.#payments = new PaymentMessages({
      agentCore: (identity) => this.#tenant(identity),
      events: this.#events,
      logger,
    });
    const arena = new FrameArena();
    this.#registry = new CallRegistry({
      ports: createCallPorts(config, {
        ...deps,
        arena,
        voice: this.#metrics,
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
      ended: (call, reason, outcome) => {
        const { direction, callId, channel } = call.identity;
        if (channel === "sip" && reason !== "caller_hangup")
          this.#conclude(callId, outcome);
        this.#metrics.calls.inc({ direction, outcome: reason });
        this.#outcomes.set(
          callId,
          { outcome, language: call.language },
          channel === "twilio" &&
            reason !== "caller_hangup" &&
            reason !== "connection_lost",
        );
        logger.info(
          { callId, reason, tenantId: call.identity.tenantId },
          "call ended",
        );
      },
    });
    const signatures = {
      authToken: config.TWILIO_AUTH_TOKEN,
      publicUrl: new URL(config.PUBLIC_URL),
    };
    this.#media = new MediaEndpoint({
      signatures,
      bearerToken: config.TWILIO_MEDIA_AUTH_TOKEN,
      arena,
      clock,
      logger,
      admit: (call, requestId, leg) => this.#admit(call, requestId, leg),
    });
    this.#openai = new OpenAI({
      apiKey: config.OPENAI_API_KEY ?? "",
      baseURL: config.OPENAI_BASE_URL,
      timeout: CARRIER_TIMEOUT_MS,
      maxRetries: 1,
    });
    this.#sipCalls = this.#sipConsumer();
    this.http = this.#createHttp(signatures);
  }

  upgrade(...parameters: Parameters<NonNullable<ServiceApp["upgrade"]>>): void {
    this.#media.upgrade(...parameters);
  }

  async start(): Promise<void> {
    await this.#publisher.open();
    await this.#sipCalls.start();
    this.#tick();
  }

  stopTaking(): void {
    this.#registry.stopTaking();
    this.#sipCalls.pause();
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
      ...this.#concluding,
    ]);
  }

  async close(): Promise<void> {
    this.#ticker?.cancel();
    this.#media.close();
    this.#optOuts.close();
    await this.#sipCalls.stop();
    await this.#publisher.flush(FLUSH_TIMEOUT_MS);
    await this.#publisher.close();
    await this.#deps.routing.close();
    this.#deps.agentCore.close();
    await Promise.all([this.#deps.bus.close(), this.#deps.store.close()]);
  }

  #conclude(callId: string, outcome: StreamOutcome): void {
    const { logger } = this.#deps;
    const done = concludeSipCall(this.#openai, callId, outcome, logger).finally(
      () => this.#concluding.delete(done),
    );
    this.#concluding.add(done);
  }

  #sipConsumer(): EventConsumer {
    const { bus, store, routing, clock, logger, metrics } = this.#deps;
    return createConsumer({
      bus,
      group: "voice-bridge",
      topics: ["voice.sip.events"],
      fromBeginning: false,
      retryDelaysMs: HAND_OVER_RETRY_DELAYS_MS,
      handler: sipHandOver({
        routing: () => routing.current(),
        keyValue: store.keyValue,
        clock,
        logger,
        modelSessionMaxMs: this.#modelSessionMaxMs,
        capacity: () => this.#capacity(),
        begin: (identity) => {
          if (this.#registry.get(identity.callId) !== undefined) return;
          this.#registry.begin(identity).attach(sideBandLeg(identity.callId));
          this.#logCall(identity);
        },
      }),
      logger,
      metrics,
      clock,
    });
  }

  #createHttp(signatures: {
    authToken: string | undefined;
    publicUrl: URL;
  }): ServiceApp["http"] {
    const { bus, store, agentCore } = this.#deps;
    return createServiceHttp({
      kit: this.#deps,
      bodies: "per-route",
      dependencies: {
        kafka: () => bus.check(),
        redis: () => store.check(),
        "agent-core": () => agentCore.check(),
      },
      configure: (app) => {
        app.use("/twilio", this.#webhooks(signatures));
        app.use(this.#callsApi());
      },
    });
  }

  #webhooks(signatures: { authToken: string | undefined; publicUrl: URL }) {
    return twilioWebhooks({
      signatures,
      identify: (call, requestId) => this.#identify(call, requestId),
      capacity: () => this.#capacity(),
      expect: (identity) => {
        if (this.#registry.get(identity.callId) === undefined)
          this.#registry.begin(identity);
      },
      continuation: (callId) => this.#outcomes.get(callId),
      status: callStatusHandler({
        registry: this.#registry,
        events: this.#events,
        metrics: this.#metrics,
        logger: this.#deps.logger,
        identify: (call, requestId) => this.#identify(call, requestId),
      }),
    });
  }

  #callsApi() {
    const config = this.#config;
    const { routing, store, logger } = this.#deps;
    return callsApi({
      registry: this.#registry,
      apiToken: config.VOICE_API_TOKEN,
      routing: () => routing.current(),
      carrier: this.#carrier(),
      idempotency: store.idempotency,
      events: this.#events,
      logger,
      modelSessionMaxMs: this.#modelSessionMaxMs,
      capacity: () => this.#capacity(),
      keyOutcome: (outcome) =>
        this.#metrics.idempotency.inc({ surface: "calls", outcome }),
      hasOptedOut: (tenantId, phone, requestId) =>
        this.#optOuts.hasOptedOut(tenantId, phone, requestId),
    });
  }

  #carrier() {
    const config = this.#config;
    const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken } =
      config;
    if (accountSid === undefined || authToken === undefined) return undefined;
    return createTwilioCarrier({
      accountSid,
      authToken,
      apiUrl: config.TWILIO_API_URL,
      publicUrl: new URL(config.PUBLIC_URL),
      timeoutMs: CARRIER_TIMEOUT_MS,
    });
  }

  #capacity(): "free" | "full" | "draining" {
    if (this.#registry.isDraining) return "draining";
    return this.#registry.isFull ? "full" : "free";
  }

  #identify(call: CarrierCall, requestId: string): CallIdentity | undefined {
    const identity = identityOf(
      call,
      this.#deps.routing.current(),
      requestId,
      this.#modelSessionMaxMs,
    );
    const model = this.#config.OPENAI_REALTIME_MODEL;
    if (identity === undefined || model === undefined) return identity;
    return { ...identity, agent: { ...identity.agent, model } };
  }

  /** A stream begins: of a call that was expected, or that another replica expected. */
  #admit(
    carrierCall: CarrierCall,
    requestId: string,
    leg: MediaLeg,
  ): { listener: MediaLegListener } | { refusal: string } {
    const known = this.#registry.get(carrierCall.callId);
    if (known?.isAttached === true)
      return { refusal: "the call has a media socket already" };
    let call = known;
    if (call === undefined) {
      const capacity = this.#capacity();
      if (capacity !== "free")
        return {
          refusal: capacity === "full" ? "all lines are busy" : "draining",
        };
      const identity = this.#identify(carrierCall, requestId);
      if (identity === undefined)
        return { refusal: "no channel has the number that was called" };
      call = this.#registry.begin(identity);
    }
    call.attach(leg);
    this.#logCall(call.identity);
    return { listener: call };
  }

  /** Every call is known to agent-core, for dispositions and reports. */
  #logCall(identity: CallIdentity): void {
    const { callId, direction, channel, agent } = identity;
    this.#tenant(identity)
      .createCall(
        { callId, direction, platform: channel, region: agent.payment.region },
        { idempotencyKey: `create-call:${callId}` },
      )
      .catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, callId },
          "call not logged in agent-core",
        );
      });
  }

  #tenant(identity: CallIdentity) {
    const { tenantId, requestId } = identity;
    return this.#deps.agentCore.forTenant(tenantId, { requestId });
  }

  #tick(): void {
    this.#registry.tick();
    this.#ticker = this.#deps.clock.setTimeout(() => this.#tick(), TICK_MS);
  }
}
