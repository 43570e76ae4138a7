import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import {
  createAgentCoreClient,
  type TenantAgentCore,
} from "@easymo/agent-core-client";
import { CarrierSimulator } from "@easymo/carrier-simulator";
import {
  createLogger,
  createMetrics,
  systemClock,
  type Logger,
  type Metrics,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { z } from "zod";
import type { PreparedChart } from "./cluster/chart.js";
import { Helm } from "./cluster/helm.js";
import { Kubectl } from "./cluster/kubectl.js";
import { PortForward } from "./cluster/port-forward.js";
import { processEnvironment, type E2eConfig } from "./config.js";
import {
  addressTowards,
  startBackends,
  type Backends,
} from "./outside/backends.js";
import { startGraphApi, type GraphApi } from "./outside/graph-api.js";
import { ACCOUNT_SID, PUBLIC_URL, TENANT } from "./outside/numbers.js";
import { PhoneNumbers } from "./outside/phone-numbers.js";
import { Tape } from "./outside/tape.js";
import { releaseValues, type Surroundings } from "./release.js";

const nodes = z.object({
  items: z.array(
    z.looseObject({
      status: z.looseObject({
        addresses: z.array(z.object({ type: z.string(), address: z.string() })),
      }),
    }),
  ),
});

export type ServiceName =
  "agent-core" | "voice-bridge" | "sip-ingress" | "whatsapp-bot";

/** What stands around the release, and the ways to it. */
export class World {
  readonly config: E2eConfig;
  readonly kubectl: Kubectl;
  readonly helm: Helm;
  readonly backends: Backends;
  readonly graphApi: GraphApi;
  readonly carrier: CarrierSimulator;
  readonly numbers: PhoneNumbers;
  readonly tape: Tape;
  readonly chart: PreparedChart;
  readonly around: Surroundings;
  readonly nodeAddress: string;
  /** Such as `v4.0.0`. */
  readonly helmVersion: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #kit: { logger: Logger; metrics: Metrics };
  readonly #agentCore: PortForward;
  readonly #closers: (() => unknown)[] = [];

  private constructor(parts: {
    config: E2eConfig;
    kubectl: Kubectl;
    backends: Backends;
    graphApi: GraphApi;
    carrier: CarrierSimulator;
    numbers: PhoneNumbers;
    tape: Tape;
    chart: PreparedChart;
    around: Surroundings;
    nodeAddress: string;
    helmVersion: string;
    environment: Readonly<Record<string, string>>;
    kit: { logger: Logger; metrics: Metrics };
    closers: (() => unknown)[];
  }) {
    const { config } = parts;
    this.config = config;
    this.kubectl = parts.kubectl;
    this.helm = new Helm(config.E2E_HELM, config.E2E_NAMESPACE);
    this.backends = parts.backends;
    this.graphApi = parts.graphApi;
    this.carrier = parts.carrier;
    this.numbers = parts.numbers;
    this.tape = parts.tape;
    this.chart = parts.chart;
    this.around = parts.around;
    this.nodeAddress = parts.nodeAddress;
    this.helmVersion = parts.helmVersion;
    this.environment = parts.environment;
    this.#kit = parts.kit;
    this.#closers = parts.closers;
    this.#agentCore = new PortForward(
      config.E2E_KUBECTL,
      config.E2E_NAMESPACE,
      this.nameOf("agent-core"),
      4000,
    );
  }

  /** Starts what the release stands on, on this machine. */
  static async create(config: E2eConfig, chart: PreparedChart): Promise<World> {
    const kubectl = new Kubectl(config.E2E_KUBECTL, config.E2E_NAMESPACE);
    const kit = {
      logger: createLogger({ name: "e2e", level: "silent" }),
      metrics: createMetrics(),
    };
    const nodeAddress = config.E2E_NODE_ADDRESS ?? (await nodeOf(kubectl));
    const hostAddress =
      config.E2E_HOST_ADDRESS ?? (await addressTowards(nodeAddress));
    const secrets = {
      TWILIO_AUTH_TOKEN: randomBytes(16).toString("hex"),
      META_APP_SECRET: randomBytes(16).toString("hex"),
      META_ACCESS_TOKEN: randomBytes(16).toString("hex"),
    };
    const [backends, graphApi] = await Promise.all([
      startBackends(hostAddress),
      startGraphApi(hostAddress, secrets.META_ACCESS_TOKEN),
    ]);
    const carrier = new CarrierSimulator({
      accountSid: ACCOUNT_SID,
      authToken: secrets.TWILIO_AUTH_TOKEN,
      voiceUrl: "http://127.0.0.1:1/twilio/voice",
      publicUrl: PUBLIC_URL,
      recordHeard: false,
      ringMs: 50,
      clock: systemClock,
    });
    const numbers = new PhoneNumbers(ACCOUNT_SID, secrets.TWILIO_AUTH_TOKEN);
    const restApi = createServer(numbers.before(carrier.restApi));
    const carrierPort = await listening(restApi, hostAddress);
    const tape = await Tape.record(backends.brokers, kit);
    const helm = new Helm(config.E2E_HELM, config.E2E_NAMESPACE);
    return new World({
      config,
      helmVersion: await helm.version(),
      environment: processEnvironment(),
      kubectl,
      backends,
      graphApi,
      carrier,
      numbers,
      tape,
      chart,
      nodeAddress,
      kit,
      around: {
        backends,
        hostAddress,
        graphApiPort: graphApi.port,
        carrierUrl: `http://${hostAddress}:${carrierPort}`,
        imageRegistry: config.IMAGE_REGISTRY,
        imageTag: config.IMAGE_TAG,
        secrets,
      },
      closers: [
        () => carrier.close(),
        () => {
          restApi.closeAllConnections();
          restApi.close();
        },
        () => tape.close(),
        () => graphApi.close(),
        () => backends.close(),
        () => chart.remove(),
      ],
    });
  }

  /** The values of the release, with nothing changed. */
  get values() {
    return releaseValues(this.around);
  }

  /** The name of what a chart makes in the release. */
  nameOf(service: string): string {
    return `${this.config.E2E_RELEASE}-${service}`;
  }

  /** Selects a service's pods. */
  podsOf(service: string): string {
    return `app.kubernetes.io/name=${service},app.kubernetes.io/instance=${this.config.E2E_RELEASE}`;
  }

  /** A service as the world outside reaches it: a node, and the Service's port there. */
  async url(service: ServiceName): Promise<string> {
    const { spec } = await this.kubectl.service(this.nameOf(service));
    const port = spec.ports[0]?.nodePort;
    if (port === undefined)
      throw new Error(`${this.nameOf(service)} has no port on the nodes.`);
    return `http://${this.nodeAddress}:${port}`;
  }

  /** Points the telephone company at the release. */
  async connectCarrier(): Promise<void> {
    const url = await this.url("voice-bridge");
    this.carrier.pointAt({
      voiceUrl: `${url}/twilio/voice`,
      statusUrl: `${url}/twilio/status`,
    });
  }

  secrets(): Promise<ReadonlyMap<string, string>> {
    return this.kubectl.secret(this.nameOf("secrets"));
  }

  async secret(name: string): Promise<string> {
    const value = (await this.secrets()).get(name);
    if (value === undefined) throw new Error(`The release has no ${name}.`);
    return value;
  }

  /** The token with which a tenant's SIP proxy comes. */
  async sipToken(tenant: string): Promise<string> {
    const pairs = (await this.secret("SIP_INGRESS_TOKENS")).split(",");
    const own = pairs.find((pair) => pair.startsWith(`${tenant}=`));
    if (own === undefined) throw new Error(`${tenant} has no token.`);
    return own.slice(tenant.length + 1);
  }

  /** Asks agent-core, through a pod's own door: the network policy lets nobody else in. */
  async agentCore<T>(
    ask: (core: TenantAgentCore) => Promise<T>,
    tenant = TENANT,
  ): Promise<T> {
    const client = createAgentCoreClient({
      baseUrl: await this.#agentCore.url(),
      jwtSecret: await this.secret("AGENT_CORE_JWT_SECRET"),
      timeoutMs: 5_000,
      clock: systemClock,
      logger: this.#kit.logger,
    });
    try {
      return await ask(client.forTenant(tenant));
    } finally {
      client.close();
    }
  }

  /** Asks until the answer is the one that is waited for. */
  agentCoreSays<T>(
    ask: (core: TenantAgentCore) => Promise<T | undefined>,
    what: string,
  ): Promise<NonNullable<T>> {
    return until(() => this.agentCore(ask), {
      what,
      timeoutMs: 90_000,
      everyMs: 300,
    });
  }

  async close(): Promise<void> {
    this.#agentCore.close();
    for (const close of this.#closers) await close();
  }
}

async function nodeOf(kubectl: Kubectl): Promise<string> {
  const { items } = await kubectl.get(nodes, ["nodes"]);
  const address = items[0]?.status.addresses.find(
    ({ type }) => type === "InternalIP",
  )?.address;
  if (address === undefined) throw new Error("The cluster has no node.");
  return address;
}

function listening(
  server: ReturnType<typeof createServer>,
  host: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new Error("A listening server has no port."));
      else resolve(address.port);
    });
  });
}
