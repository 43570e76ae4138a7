import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { startApiServer, until, type ApiServer } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { z } from "zod";
import { Bench, type ComposeParts } from "../testing/bench.js";
import { composeDisruption } from "./compose.js";
import { deletionCostAnnotation, safeToEvictAnnotation } from "./observed.js";

const crds = fileURLToPath(
  new URL("../../../../charts/operator/crds", import.meta.url),
);
const WAIT = { timeoutMs: 45_000 };

const podShape = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});

/** The metrics of pods: each at a path of its own, as far as it says anything. */
class PodMetrics {
  readonly says = new Map<string, string>();
  /** Who is asked and never answers. */
  readonly hanging = new Set<string>();
  readonly asked = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const pod = (request.url ?? "").slice(1);
      this.asked.set(pod, (this.asked.get(pod) ?? 0) + 1);
      if (this.hanging.has(pod)) return;
      const text = this.says.get(pod);
      if (text === undefined) response.writeHead(500);
      response.end(text);
    });
  }

  static async start(): Promise<PodMetrics> {
    const metrics = new PodMetrics();
    await new Promise<void>((resolve) =>
      metrics.#server.listen(0, "127.0.0.1", resolve),
    );
    return metrics;
  }

  calls(pod: string, calls: number, more = ""): void {
    this.says.set(pod, `easymo_voice_calls_active ${calls}\n${more}`);
  }

  urlOf(pod: string): string {
    const address = this.#server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    return `http://127.0.0.1:${port}/${pod}`;
  }

  /** Resolves once the pod was asked twice more: what it said before the second was acted on. */
  async askedAgain(pod: string): Promise<void> {
    const before = this.asked.get(pod) ?? 0;
    await until(() => (this.asked.get(pod) ?? 0) >= before + 2, WAIT);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let server: ApiServer;
let metrics: PodMetrics;
const benches: Bench[] = [];

beforeAll(async () => {
  [server, metrics] = await Promise.all([
    startApiServer({ manifests: [crds] }),
    PodMetrics.start(),
  ]);
}, 180_000);

afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
});

afterAll(async () => {
  await metrics.close();
  await server.close();
});

const compose: ComposeParts = (deps) => {
  const { namespace } = deps;
  const { controllers, informers } = composeDisruption(deps, {
    namespace,
    releaseName: "easymo",
    resyncMs: 300_000,
    scrapeEveryMs: 50,
    scrapeTimeoutMs: 500,
    urlOf: ({ metadata }) => metrics.urlOf(`${namespace}-${metadata.name}`),
  });
  return controllers.map((controller, at) => ({
    controller,
    informers: at === 0 ? informers : [],
  }));
};

async function bench(): Promise<Bench> {
  const started = await Bench.start(server, compose);
  benches.push(started);
  return started;
}

/** A pod that runs, as far as the API server knows. */
async function runPod(
  here: Bench,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  await here.create("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      labels: {
        "app.kubernetes.io/name": "voice-bridge",
        "app.kubernetes.io/instance": "easymo",
        ...labels,
      },
    },
    spec: {
      containers: [
        {
          name: "main",
          image: "none",
          ports: [{ name: "http", containerPort: 4100 }],
        },
      ],
    },
  });
  await here.patch(`pods/${name}/status`, {
    status: { phase: "Running", podIP: "10.0.0.1" },
  });
}

async function podAt(here: Bench, name: string) {
  return podShape.parse(await here.core(`pods/${name}`)).metadata;
}

async function untilMarked(
  here: Bench,
  name: string,
  cost: string,
  safe: string,
): Promise<void> {
  await until(
    async () => {
      const { annotations } = await podAt(here, name);
      return (
        annotations[deletionCostAnnotation] === cost &&
        annotations[safeToEvictAnnotation] === safe
      );
    },
    { ...WAIT, what: `${name} marked ${cost} ${safe}` },
  );
}

describe("the marks of pods on a real API server", () => {
  test("follow their calls, in steps: not every call is a write", async () => {
    const here = await bench();
    const id = (name: string) => `${here.namespace}-${name}`;
    metrics.calls(id("idle"), 0);
    metrics.calls(id("busy"), 5);
    await Promise.all([runPod(here, "idle"), runPod(here, "busy")]);
    await untilMarked(here, "idle", "0", "true");
    await untilMarked(here, "busy", "4", "false");
    const { resourceVersion } = await podAt(here, "busy");
    for (const calls of [6, 7, 3, 2]) {
      metrics.calls(id("busy"), calls);
      await metrics.askedAgain(id("busy"));
    }
    expect((await podAt(here, "busy")).resourceVersion).toBe(resourceVersion);
    metrics.calls(id("busy"), 40);
    await untilMarked(here, "busy", "32", "false");
    metrics.calls(id("busy"), 0);
    await untilMarked(here, "busy", "0", "true");
    metrics.calls(id("idle"), 1);
    await untilMarked(here, "idle", "1", "false");
  });

  test("count as busy who fails, never answers, or says no number, and forget it when it answers", async () => {
    const here = await bench();
    const id = (name: string) => `${here.namespace}-${name}`;
    metrics.hanging.add(id("hangs"));
    metrics.says.set(id("babbles"), "<html>easymo</html>");
    metrics.calls(id("well"), 0);
    for (const name of ["hangs", "babbles", "fails", "well"])
      await runPod(here, name);
    for (const name of ["hangs", "babbles", "fails"])
      await untilMarked(here, name, "1", "false");
    // Who hangs holds nobody else up.
    await untilMarked(here, "well", "0", "true");
    metrics.hanging.delete(id("hangs"));
    metrics.calls(id("hangs"), 0);
    await untilMarked(here, "hangs", "0", "true");
  });

  test("are put right when somebody changed them by hand, and by the next operator", async () => {
    const here = await bench();
    metrics.calls(`${here.namespace}-p`, 3);
    await runPod(here, "p");
    await untilMarked(here, "p", "2", "false");
    await here.patch("pods/p", {
      metadata: {
        annotations: {
          [deletionCostAnnotation]: "-100",
          [safeToEvictAnnotation]: "true",
        },
      },
    });
    await untilMarked(here, "p", "2", "false");
    await here.stopOperator();
    metrics.calls(`${here.namespace}-p`, 0);
    await here.startOperator(compose);
    await untilMarked(here, "p", "0", "true");
  });

  test("are given to voice-bridge's pods of this release alone", async () => {
    const here = await bench();
    const others = {
      stranger: { "app.kubernetes.io/instance": "another" },
      chat: { "app.kubernetes.io/name": "whatsapp-bot" },
      core: { "app.kubernetes.io/name": "agent-core" },
    };
    for (const [name, labels] of Object.entries(others)) {
      metrics.calls(`${here.namespace}-${name}`, 0);
      await runPod(here, name, labels);
    }
    metrics.calls(`${here.namespace}-own`, 0);
    await runPod(here, "own");
    await untilMarked(here, "own", "0", "true");
    await metrics.askedAgain(`${here.namespace}-chat`);
    for (const name of Object.keys(others))
      expect((await podAt(here, name)).annotations).toEqual({});
    expect(metrics.asked.has(`${here.namespace}-stranger`)).toBe(false);
    expect(metrics.asked.has(`${here.namespace}-core`)).toBe(false);
  });

  test("go on when the API server was away", async () => {
    const here = await bench();
    metrics.calls(`${here.namespace}-p`, 0);
    await runPod(here, "p");
    await untilMarked(here, "p", "0", "true");
    await server.stop();
    metrics.calls(`${here.namespace}-p`, 9);
    await server.start();
    await untilMarked(here, "p", "8", "false");
  }, 180_000);
});

describe("a Channel's last traffic on a real API server", () => {
  const METRIC = "easymo_channel_last_traffic_timestamp_seconds";
  const channel = {
    tenant: "kigali-parts",
    agentRef: { name: "sales" },
    twilio: { number: "+250780000001" },
  };

  test("is what its pods tell, and nobody else's part of the status is touched", async () => {
    const here = await bench();
    const { namespace } = here;
    const lineOf = (at: string) =>
      `${METRIC}{channel="${namespace}/desk"} ${Date.parse(at) / 1_000}\n${METRIC}{channel="${namespace}/gone"} 1767225600`;
    metrics.calls(`${namespace}-a`, 0, lineOf("2026-01-01T10:00:00Z"));
    metrics.says.set(`${namespace}-b`, lineOf("2026-01-01T11:30:00.700Z"));
    await here.apply("Channel", "desk", channel);
    await server.request(
      "PATCH",
      `/apis/bridges.easymo.dev/v1alpha1/namespaces/${namespace}/channels/desk/status?fieldManager=another`,
      {
        body: {
          apiVersion: "bridges.easymo.dev/v1alpha1",
          kind: "Channel",
          status: { address: "+250780000001" },
        },
        contentType: "application/apply-patch+yaml",
      },
    );
    await runPod(here, "b", { "app.kubernetes.io/name": "whatsapp-bot" });
    const told = async () => (await here.channel("desk")).status;
    await until(
      async () => (await told())?.lastTrafficTime === "2026-01-01T11:30:00Z",
      WAIT,
    );
    // Another replica, with older news.
    await runPod(here, "a");
    await untilMarked(here, "a", "0", "true");
    await metrics.askedAgain(`${namespace}-a`);
    expect(await told()).toMatchObject({
      address: "+250780000001",
      lastTrafficTime: "2026-01-01T11:30:00Z",
    });
  });
});
