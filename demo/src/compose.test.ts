import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { readAgentCoreConfig } from "@easymo/agent-core";
import { readBrokerOrchestratorConfig } from "@easymo/broker-orchestrator";
import { readSipIngressConfig } from "@easymo/sip-ingress";
import { readVoiceBridgeConfig } from "@easymo/voice-bridge";
import { readWhatsAppBotConfig } from "@easymo/whatsapp-bot";
import { z } from "zod";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const file = "docker-compose.agent-core.yml";

const service = z.object({
  image: z.string(),
  profiles: z.array(z.string()).default([]),
  environment: z
    .record(z.string(), z.union([z.string(), z.number()]).transform(String))
    .default({}),
  ports: z
    .array(
      z.object({
        host_ip: z.string(),
        published: z.string(),
        target: z.number(),
      }),
    )
    .default([]),
  volumes: z
    .array(z.object({ type: z.string(), source: z.string() }))
    .default([]),
  read_only: z.boolean().default(false),
});
const project = z.object({ services: z.record(z.string(), service) });
type Project = z.infer<typeof project>;

/** As docker compose would read it: interpolated, merged, checked against the Compose Specification. */
async function read(): Promise<Project> {
  const { stdout } = await execute(
    `${root}.tools/compose-spec/compose-spec`,
    ["--format", "json", file],
    { cwd: root },
  );
  return project.parse(JSON.parse(stdout));
}

/** How each service reads its environment. */
const READERS = {
  "agent-core": readAgentCoreConfig,
  "voice-bridge": readVoiceBridgeConfig,
  "sip-ingress": readSipIngressConfig,
  "whatsapp-bot": readWhatsAppBotConfig,
  "broker-orchestrator": readBrokerOrchestratorConfig,
} as const;

describe("docker-compose.agent-core.yml", () => {
  let services: Project["services"];
  beforeAll(async () => {
    ({ services } = await read());
  });

  test("starts Kafka and Redis where services on the host look for them, and nothing else unasked", () => {
    const unasked = Object.entries(services).filter(
      ([, { profiles }]) => profiles.length === 0,
    );
    expect(unasked.map(([name]) => name).sort()).toEqual(["kafka", "redis"]);
    expect(services.kafka?.ports).toMatchObject([{ published: "9092" }]);
    expect(services.redis?.ports).toMatchObject([{ published: "6379" }]);
  });

  test.each(Object.entries(READERS))(
    "gives %s an environment that it takes, an image that is built here, and a port of this machine alone",
    (name, readConfig) => {
      const found = service.parse(services[name]);
      const config = readConfig(found.environment);
      expect(found.ports).toEqual([
        {
          host_ip: "127.0.0.1",
          published: String(config.PORT),
          target: config.PORT,
        },
      ]);
      expect(found.image).toBe(`docker.io/easymo/${name}:dev`);
      expect(existsSync(`${root}services/${name}/Dockerfile`)).toBe(true);
      expect(found.read_only).toBe(true);
    },
  );

  test("mounts what is there", () => {
    const mounted = Object.values(services).flatMap(({ volumes }) =>
      volumes.filter(({ type }) => type === "bind"),
    );
    expect(mounted.length).toBeGreaterThan(5);
    for (const { source } of mounted)
      expect([source, existsSync(source)]).toEqual([source, true]);
  });

  test("has a Prometheus that scrapes each service at its own port", () => {
    const scraped = readFileSync(
      `${root}infrastructure/prometheus/prometheus.yaml`,
      "utf8",
    );
    for (const [name, readConfig] of Object.entries(READERS)) {
      const { environment } = service.parse(services[name]);
      expect(scraped).toContain(`${name}:${readConfig(environment).PORT}`);
    }
  });

  test("is refused when it is no compose file", async () => {
    await expect(
      execute(
        `${root}.tools/compose-spec/compose-spec`,
        ["infrastructure/prometheus/prometheus.yaml"],
        { cwd: root },
      ),
    ).rejects.toThrow();
  });
});
