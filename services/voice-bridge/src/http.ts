import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Bus, Store } from "@easymo/messaging";
import type { ChannelTraffic, RoutingSource } from "@easymo/routing";
import type { CallEvents } from "./call/call-events.js";
import { callsApi } from "./calls-api/calls-routes.js";
import { RingingCalls } from "./calls-api/ringing-calls.js";
import type { VoiceBridgeConfig } from "./config.js";
import type { VoiceMetrics } from "./metrics.js";
import type { OptOutRegistrar } from "./opt-outs/opt-out-registrar.js";
import type { AgentLimits } from "./registry/agent-limits.js";
import type { Admissions } from "./registry/admissions.js";
import type { CallRegistry } from "./registry/call-registry.js";
import type { HungUpCalls } from "./registry/hung-up-calls.js";
import { callStatusHandler } from "./registry/call-status.js";
import type { StreamOutcomes } from "./registry/stream-outcomes.js";
import type { CallDirectory } from "./replicas/call-directory.js";
import type { Carrier } from "./telephony/carrier.js";
import type { SignatureSettings } from "./telephony/twilio/signature.js";
import { createTwilioCarrier } from "./telephony/twilio/twilio-carrier.js";
import { twilioWebhooks } from "./telephony/twilio/webhooks.js";

/** What the bridge's HTTP side speaks for. */
export interface HttpDeps {
  readonly kit: ServiceKit;
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
  readonly agentCore: AgentCoreClient;
  readonly signatures: SignatureSettings;
  readonly registry: CallRegistry;
  readonly directory: CallDirectory;
  readonly admissions: Admissions;
  readonly limits: AgentLimits;
  readonly traffic: ChannelTraffic;
  readonly outcomes: StreamOutcomes;
  readonly hungUp: HungUpCalls;
  readonly optOuts: OptOutRegistrar;
  readonly events: CallEvents;
  readonly metrics: VoiceMetrics;
}

const CARRIER_TIMEOUT_MS = 10_000;

/** The carrier's webhooks and the calls API, with the probes. */
export function createHttp(
  config: VoiceBridgeConfig,
  deps: HttpDeps,
): ServiceApp["http"] {
  const { kit, bus, store, agentCore } = deps;
  const dialling = carrier(config);
  const ringing = new RingingCalls({
    keyValue: store.keyValue,
    hungUp: deps.hungUp,
    carrier: dialling,
    logger: kit.logger,
  });
  return createServiceHttp({
    kit,
    bodies: "per-route",
    dependencies: {
      kafka: () => bus.check(),
      redis: () => store.check(),
      "agent-core": () => agentCore.check(),
    },
    configure: (app) => {
      app.use("/twilio", webhooks(deps, ringing));
      app.use(calls(config, deps, { carrier: dialling, ringing }));
    },
  });
}

function webhooks(deps: HttpDeps, ringing: RingingCalls) {
  const { kit, admissions, directory, events, metrics, registry } = deps;
  return twilioWebhooks({
    signatures: deps.signatures,
    identify: (call, requestId) => {
      const identity = admissions.identify(call, requestId);
      deps.traffic.seen({ name: identity?.channelName });
      return identity;
    },
    isHungUp: (callId) => deps.hungUp.isKnown(callId),
    expect: (identity) => {
      if (identity.direction === "outbound") ringing.answered(identity.callId);
      return admissions.expect(identity);
    },
    continuation: (callId) => deps.outcomes.get(callId),
    status: callStatusHandler({
      registry,
      directory,
      events,
      limits: deps.limits,
      hungUp: deps.hungUp,
      metrics,
      logger: kit.logger,
      identify: (call, requestId) => admissions.identify(call, requestId),
    }),
  });
}

function calls(
  config: VoiceBridgeConfig,
  deps: HttpDeps,
  outbound: { carrier: Carrier | undefined; ringing: RingingCalls },
) {
  const { kit, admissions, directory, events, metrics, optOuts } = deps;
  return callsApi({
    directory,
    apiToken: config.VOICE_API_TOKEN,
    routing: () => deps.routing.current(),
    ...outbound,
    idempotency: deps.store.idempotency,
    events,
    limits: deps.limits,
    logger: kit.logger,
    modelSessionMaxMs: config.MODEL_SESSION_MAX_SECONDS * 1_000,
    capacity: () => admissions.capacity(),
    keyOutcome: (outcome) =>
      metrics.idempotency.inc({ surface: "calls", outcome }),
    hasOptedOut: (tenantId, phone, requestId) =>
      optOuts.hasOptedOut(tenantId, phone, requestId),
  });
}

/** Undefined without an account: nobody can be dialled then. */
function carrier(config: VoiceBridgeConfig) {
  const {
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_URL: apiUrl,
  } = config;
  if (accountSid === undefined || authToken === undefined) return undefined;
  return createTwilioCarrier({
    accountSid,
    authToken,
    apiUrl,
    publicUrl: new URL(config.PUBLIC_URL),
    timeoutMs: CARRIER_TIMEOUT_MS,
  });
}
