import { createLogger, createMetrics, systemClock } from "@easymo/service-kit";
import { RoutingTable } from "@easymo/routing";
import { randomName, until, type ApiServer } from "@easymo/testbed";
import { z } from "zod";
import {
  agentSchema,
  apiVersion,
  channelSchema,
  resourceNames,
  type Agent,
  type Channel,
  type Condition,
  type ResourceKind,
} from "../api/index.js";
import {
  createKubernetes,
  Informer,
  KubernetesEventRecorder,
  loadKubeConfig,
  resources,
  type Controller,
  type EventRecorder,
  type Kubernetes,
} from "../runtime/index.js";
import type { RoutingDeps, Watching } from "../routing/compose.js";

const events = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      reason: z.string(),
      note: z.string(),
      regarding: z.object({ kind: z.string(), name: z.string() }),
    }),
  ),
});

/** Resolves once the condition holds, on a machine that may be busy with much else. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  await until(condition, { timeoutMs: 90_000 });
}

/** What was said about an object. */
export type SaidEvent = z.infer<typeof events>["items"][number];

const configMap = z.object({
  metadata: z.object({
    annotations: z.record(z.string(), z.string()).default({}),
    resourceVersion: z.string(),
  }),
  data: z.record(z.string(), z.string()),
});

/** What the parts are composed from, in a test. */
export interface BenchDeps extends RoutingDeps {
  readonly namespace: string;
}

/** Some of the operator's questions, each with what it watches. */
export type ComposeParts = (deps: BenchDeps) => readonly {
  readonly controller: Controller;
  readonly informers: readonly Watching[];
}[];

/** A namespace of one test's own on a real API server, whose Agents and Channels some of the operator's parts see to. */
export class Bench {
  readonly namespace = randomName("bench");
  readonly lines: string[] = [];
  readonly #server: ApiServer;
  #operator: RunningParts | undefined;

  private constructor(server: ApiServer) {
    this.#server = server;
  }

  static async start(server: ApiServer, compose: ComposeParts): Promise<Bench> {
    const bench = new Bench(server);
    await server.createNamespace(bench.namespace);
    await bench.startOperator(compose);
    return bench;
  }

  /** A new process's worth of operator: nothing is remembered of the one before. */
  async startOperator(compose: ComposeParts): Promise<void> {
    const logger = createLogger({
      name: "operator",
      level: "info",
      destination: { write: (line: string) => void this.lines.push(line) },
    });
    const kubernetes = createKubernetes(
      loadKubeConfig(this.#server.kubeconfig),
    );
    this.#operator = await RunningParts.start(
      { kubernetes, logger, metrics: createMetrics(), clock: systemClock },
      this.namespace,
      compose,
    );
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.stop();
    this.#operator = undefined;
  }

  async close(): Promise<void> {
    await this.stopOperator();
  }

  /** Makes an object, or makes it so; as `kubectl apply --server-side` would. */
  async apply(
    kind: ResourceKind,
    name: string,
    spec: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.#request(
      "PATCH",
      `${this.#path(kind, name)}?fieldManager=test`,
      {
        body: { apiVersion, kind, metadata: { name }, spec },
        contentType: "application/apply-patch+yaml",
      },
    );
  }

  /** A JSON merge patch of anything, at a path below the namespace's. */
  async patch(path: string, body: unknown): Promise<void> {
    await this.#request("PATCH", this.#core(path), {
      body,
      contentType: "application/merge-patch+json",
    });
  }

  async patchResource(
    kind: ResourceKind,
    name: string,
    body: unknown,
  ): Promise<void> {
    await this.#request("PATCH", this.#path(kind, name), {
      body,
      contentType: "application/merge-patch+json",
    });
  }

  /** Makes an object of the core API, at a collection below the namespace's. */
  async create(collection: string, body: unknown): Promise<void> {
    await this.#request("POST", this.#core(collection), { body });
  }

  async remove(kind: ResourceKind, name: string): Promise<void> {
    await this.#request("DELETE", this.#path(kind, name));
  }

  async removeCore(path: string): Promise<void> {
    await this.#request("DELETE", this.#core(path));
  }

  async agent(name: string): Promise<Agent> {
    return agentSchema.parse(
      await this.#request("GET", this.#path("Agent", name)),
    );
  }

  async channel(name: string): Promise<Channel> {
    return channelSchema.parse(
      await this.#request("GET", this.#path("Channel", name)),
    );
  }

  async core(path: string): Promise<unknown> {
    return this.#request("GET", this.#core(path));
  }

  /** Resolves once the object's condition is that; what it says instead is in the error when it does not become so. */
  async until(
    kind: ResourceKind,
    name: string,
    type: string,
    wanted: { status: Condition["status"]; reason: string },
  ): Promise<Condition> {
    const what = `${kind} ${name}: ${type} ${wanted.status} ${wanted.reason}`;
    let last: unknown;
    return until(
      async () => {
        const { metadata, status } = await (kind === "Agent"
          ? this.agent(name)
          : this.channel(name));
        last = status;
        const found = status?.conditions?.find((one) => one.type === type);
        return found?.status === wanted.status &&
          found.reason === wanted.reason &&
          found.observedGeneration === metadata.generation
          ? found
          : undefined;
      },
      { timeoutMs: 90_000, what },
    ).catch((error: unknown) => {
      throw new Error(`${what}: it is ${JSON.stringify(last)}`, {
        cause: error,
      });
    });
  }

  /** Resolves once a Channel that is made now is younger than this one: ages are told in whole seconds. */
  async untilOlder(name: string): Promise<void> {
    const { creationTimestamp } = (await this.channel(name)).metadata;
    const bornMs = Date.parse(creationTimestamp);
    await eventually(() => Date.now() >= bornMs + 1_000);
  }

  async untilGone(kind: ResourceKind, name: string): Promise<void> {
    await until(
      async () => {
        const path = this.#path(kind, name);
        return (await this.#server.request("GET", path)).status === 404;
      },
      { timeoutMs: 90_000, what: `${kind} ${name} gone` },
    );
  }

  /** Resolves once an event of that reason was said about the object. */
  async untilEvent(
    kind: string,
    name: string,
    reason: string,
  ): Promise<SaidEvent> {
    return until(
      async () =>
        (await this.events(kind, name)).find((one) => one.reason === reason),
      { timeoutMs: 90_000, what: `the event ${reason} about ${name}` },
    );
  }

  async events(kind: string, name: string): Promise<readonly SaidEvent[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${this.namespace}/events`;
    const { items } = events.parse(await this.#request("GET", path));
    return items.filter(
      ({ regarding }) => regarding.kind === kind && regarding.name === name,
    );
  }

  /** The routing document as the services would read it now. */
  async routing(name = "easymo-routing") {
    const { data, metadata } = configMap.parse(
      await this.core(`configmaps/${name}`),
    );
    const text = data["routing.yaml"] ?? "";
    return { table: RoutingTable.parse(text), text, ...metadata };
  }

  /** Resolves once the services would answer there, or would not. */
  async untilRouted(address: string, agent: string | undefined): Promise<void> {
    await until(
      async () => {
        const { table } = await this.routing();
        return table.find("twilio", address)?.agent.name === agent;
      },
      { timeoutMs: 90_000, what: `${address} routed to ${agent ?? "nobody"}` },
    );
  }

  async #request(
    method: string,
    path: string,
    options: { body?: unknown; contentType?: string } = {},
  ): Promise<unknown> {
    const { status, body } = await this.#server.request(method, path, options);
    if (status >= 200 && status < 300) return body;
    throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
  }

  #path(kind: ResourceKind, name: string): string {
    return `/apis/${apiVersion}/namespaces/${this.namespace}/${resourceNames[kind].plural}/${name}`;
  }

  #core(path: string): string {
    return `/api/v1/namespaces/${this.namespace}/${path}`;
  }
}

type PartsDeps = Omit<RoutingDeps, "agents" | "channels" | "events">;

class RunningParts {
  readonly #kubernetes: Kubernetes;
  readonly #events: EventRecorder & { flush(): Promise<void> };
  readonly #watching: readonly Watching[];
  readonly #term = new AbortController();
  readonly #running: Promise<unknown>;

  static async start(
    deps: PartsDeps,
    namespace: string,
    compose: ComposeParts,
  ): Promise<RunningParts> {
    const agents = new Informer(deps, {
      type: resources.agents,
      selection: { namespace },
      parse: (raw) => agentSchema.parse(raw),
    });
    const channels = new Informer(deps, {
      type: resources.channels,
      selection: { namespace },
      parse: (raw) => channelSchema.parse(raw),
    });
    const recorder = new KubernetesEventRecorder({
      ...deps,
      instance: "operator-0",
    });
    const parts = compose({
      ...deps,
      ...{ agents, channels, namespace, events: recorder },
    });
    const watching = [
      agents,
      channels,
      ...parts.flatMap(({ informers }) => informers),
    ];
    for (const one of watching) one.start();
    await until(() => watching.every((one) => one.synced()), {
      what: "the caches",
      timeoutMs: 60_000,
    });
    return new RunningParts(
      deps.kubernetes,
      recorder,
      watching,
      parts.map(({ controller }) => controller),
    );
  }

  private constructor(
    kubernetes: Kubernetes,
    recorder: EventRecorder & { flush(): Promise<void> },
    watching: readonly Watching[],
    controllers: readonly Controller[],
  ) {
    this.#kubernetes = kubernetes;
    this.#events = recorder;
    this.#watching = watching;
    const { signal } = this.#term;
    this.#running = Promise.all(
      controllers.map((controller) =>
        controller.run({ signal, assertLeader: () => undefined }),
      ),
    );
  }

  async stop(): Promise<void> {
    this.#term.abort();
    await this.#running;
    await Promise.all(this.#watching.map((one) => one.stop()));
    await this.#events.flush();
    await this.#kubernetes.close();
  }
}
