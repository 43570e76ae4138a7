import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { Voice } from "@easymo/telephone-audio";
import { callersApi, callsApi } from "./calls/calls-api.js";
import { SipGateway } from "./calls/sip-gateway.js";
import { Connections } from "./connections.js";
import { Faults } from "./faults.js";
import type { Pace } from "./session/response-spec.js";
import type { SessionView } from "./session/session-options.js";
import { createVoice } from "./speech/create-voice.js";
import { LateVoice } from "./speech/late-voice.js";

export interface RealtimeSimulatorOptions {
  readonly kit: ServiceKit;
  /** What the model speaks with; by default the best that `createVoice` finds when it starts. */
  readonly voice?: Voice;
  /** From the request for a response to its first audio; 150 ms by default. */
  readonly thinkMs?: number;
  /** Audio in one delta; 300 ms by default. */
  readonly chunkMs?: number;
  /** How much faster than real time audio is sent; 5 by default, `Infinity` for all at once. */
  readonly speed?: number;
  /** When a session expires; after 60 minutes by default, as at the real service. */
  readonly sessionMaxMs?: number;
}

/** The offline model as a service, to be run on its own or inside another process. */
export interface RealtimeSimulator extends ServiceApp {
  readonly upgrade: NonNullable<ServiceApp["upgrade"]>;
  /** What is to go wrong. */
  readonly faults: Faults;
  /** Callers over SIP. */
  readonly sip: SipGateway;
  /** The sessions that are open. */
  sessions(): readonly SessionView[];
  /** Cuts every connection now, without a closing handshake. */
  dropConnections(): void;
}

const SESSION_MAX_MS = 60 * 60_000;

/** Composes the simulator; it listens nowhere until somebody mounts `http` and `upgrade`. */
export function createRealtimeSimulator(
  options: RealtimeSimulatorOptions,
): RealtimeSimulator {
  const { kit } = options;
  const faults = new Faults();
  const pace: Pace = {
    thinkMs: options.thinkMs ?? 150,
    chunkMs: options.chunkMs ?? 300,
    speed: options.speed ?? 5,
  };
  // Made only when it is started, or asked to speak: never, when there is another.
  const ownVoice = new LateVoice(() => createVoice({ logger: kit.logger }));
  const model = {
    kit,
    faults,
    pace,
    voice: options.voice ?? ownVoice,
    maxDurationMs: options.sessionMaxMs ?? SESSION_MAX_MS,
  };
  const gateway = new SipGateway(model);
  const connections = new Connections({ ...model, gateway });
  return {
    faults,
    sip: gateway,
    sessions: () => connections.views(),
    dropConnections: () => connections.drop(),
    http: createHttp(kit, faults, connections, gateway),
    upgrade: (req, socket, head) => connections.upgrade(req, socket, head),
    start: async () => {
      if (!options.voice) {
        await ownVoice.start();
      }
    },
    stopTaking: () => connections.stopTaking(),
    // A session may last an hour; its client is made to cope with losing it.
    drain: () => Promise.resolve(),
    close: async () => {
      await connections.close();
      await ownVoice.close();
    },
  };
}

function createHttp(
  kit: ServiceKit,
  faults: Faults,
  connections: Connections,
  gateway: SipGateway,
) {
  return createServiceHttp({
    kit,
    dependencies: {},
    configure(app) {
      app.use(callsApi(gateway), callersApi(gateway));
      app.get("/faults", (_req, res) => {
        res.json({ faults: faults.list() });
      });
      app.post("/faults", (req, res) => {
        const fault = faults.injectUnchecked(req.body);
        res.status(201).json({ fault });
      });
      app.delete("/faults", (_req, res) => {
        faults.clear();
        res.status(204).end();
      });
      app.get("/sessions", (_req, res) => {
        res.json({ sessions: connections.views() });
      });
      app.post("/sessions/drop", (_req, res) => {
        connections.drop();
        res.status(204).end();
      });
    },
  });
}
