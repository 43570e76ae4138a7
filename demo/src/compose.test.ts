import { execFile } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  command: z.array(z.string()).nullish(),
  volumes: z
    .array(
      z.object({ type: z.string(), source: z.string(), target: z.string() }),
    )
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

  test("keeps what is in Kafka on a volume", () => {
    const { environment, volumes } = service.parse(services.kafka);
    expect(volumes).toContainEqual({
      type: "volume",
      source: "kafka",
      target: environment.KAFKA_LOG_DIRS,
    });
  });

  test("makes the topics as soon as Kafka answers, and is Kafka then", async () => {
    const [shell = "", ...args] = services.kafka?.command ?? [];
    const folder = mkdtempSync(join(tmpdir(), "easymo-compose-"));
    // A broker that answers the third time.
    const script = `echo "$KAFKA_HOME $*" >>${folder}/asked; [ "$(wc -l <${folder}/asked)" -ge 3 ] && touch ${folder}/made`;
    writeFileSync(join(folder, "kafka-topics.sh"), script);
    const run = `until [ -e ${folder}/made ]; do sleep 0.1; done; echo served`;
    writeFileSync(join(folder, "run"), run, { mode: 0o755 });
    try {
      const localised = args.map((text) =>
        text
          .replaceAll("/easymo/", `${folder}/`)
          .replaceAll("exec /etc/kafka/docker/run", `exec bash ${folder}/run`),
      );
      const { stdout } = await execute(shell, localised);
      expect(stdout).toBe("served\n");
      const asked = readFileSync(join(folder, "asked"), "utf8");
      expect(asked.trim().split("\n")).toEqual(
        Array.from(
          { length: 3 },
          () =>
            "/opt/kafka --bootstrap-server 127.0.0.1:19092 --replication-factor 1",
        ),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
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
