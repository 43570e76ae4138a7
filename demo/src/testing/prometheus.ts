import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess, freePorts, until } from "@easymo/testbed";
import { z } from "zod";

/** What there is to scrape, by the name that Kubernetes would give its Service. */
export type Expositions = ReadonlyMap<string, () => Promise<string>>;

const answer = z.discriminatedUnion("status", [
  z.object({ status: z.literal("success"), data: z.unknown() }),
  z.object({ status: z.literal("error"), error: z.string() }),
]);
const series = z.object({ result: z.array(z.unknown()) });
const rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          name: z.string(),
          query: z.string(),
          health: z.string(),
          lastError: z.string().optional(),
        }),
      ),
    }),
  ),
});
/** An alert as Prometheus has read it, and how its last evaluation went. */
export type Rule = z.infer<typeof rules>["groups"][number]["rules"][number];

/** A real Prometheus that scrapes every second, and forgets everything in the end. */
export class Prometheus {
  readonly #url: string;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url;
    this.#stop = stop;
  }

  static async start(
    expositions: Expositions,
    rulesFile: string,
  ): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), "easymo-prometheus-"));
    const targets = await serve(expositions);
    const [port = 0] = await freePorts(1);
    const file = join(folder, "prometheus.yml");
    await writeFile(
      file,
      JSON.stringify(
        configuration([...expositions.keys()], targets.port, rulesFile),
      ),
    );
    const server = await startProcess(
      "prometheus",
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
        "--log.level=warn",
      ],
      { logFile: join(folder, "prometheus.log") },
    );
    const url = `http://127.0.0.1:${String(port)}`;
    const prometheus = new Prometheus(url, async () => {
      await server.kill();
      await targets.close();
      await rm(folder, { recursive: true, force: true });
    });
    await until(async () => (await fetch(`${url}/-/ready`)).ok, {
      timeoutMs: 60_000,
      what: "Prometheus, ready",
    });
    return prometheus;
  }

  /** The series of a query, now. @throws Error with what Prometheus said when it does not parse */
  async query(expression: string): Promise<unknown[]> {
    return series.parse(await this.#ask("query", { query: expression })).result;
  }

  /** Every rule that it evaluates. */
  async rules(): Promise<Rule[]> {
    const { groups } = rules.parse(await this.#ask("rules", {}));
    return groups.flatMap((group) => group.rules);
  }

  /** The values of a label on the series that match. */
  async labelValues(label: string, match: string): Promise<string[]> {
    const data = await this.#ask(`label/${label}/values`, { "match[]": match });
    return z.array(z.string()).parse(data);
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  async #ask(path: string, parameters: Record<string, string>) {
    const search = new URLSearchParams(parameters).toString();
    const response = await fetch(`${this.#url}/api/v1/${path}?${search}`);
    const parsed = answer.parse(await response.json());
    if (parsed.status === "error")
      throw new Error(`${parameters.query ?? path}: ${parsed.error}`);
    return parsed.data;
  }
}

/** The labels are those that a cluster gives. */
function configuration(
  services: readonly string[],
  port: number,
  rulesFile: string,
) {
  return {
    global: {
      scrape_interval: "1s",
      scrape_timeout: "1s",
      evaluation_interval: "1s",
    },
    rule_files: [rulesFile],
    scrape_configs: services.map((service) => ({
      job_name: service,
      metrics_path: `/${service}/metrics`,
      static_configs: [
        {
          targets: [`127.0.0.1:${String(port)}`],
          labels: { namespace: "easymo", service, pod: `${service}-0` },
        },
      ],
    })),
  };
}

async function serve(expositions: Expositions) {
  const server = createServer((request, response) => {
    const [, name = ""] = (request.url ?? "").split("/");
    const expose = expositions.get(name);
    if (expose === undefined) {
      response.writeHead(404).end();
      return;
    }
    expose().then(
      (text) => {
        response.setHeader("content-type", "text/plain; version=0.0.4");
        response.end(text);
      },
      () => response.writeHead(500).end(),
    );
  });
  return { port: await listening(server), close: () => closing(server) };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}

function closing(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
