import { execFile } from "node:child_process";
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { kafkaBrokers, randomName } from "@easymo/testbed";
import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";

/** Where kafka-topics.sh finds Kafka's own tools: each place that its help names. */

const infrastructure = fileURLToPath(
  new URL("../../../../infrastructure/kafka/", import.meta.url),
);
const script = join(infrastructure, "kafka-topics.sh");
const run = promisify(execFile);

/** What the script itself needs; neither Java, Maven, Docker nor a Kafka. */
const NEEDED =
  "bash env awk cat dirname grep head mktemp realpath rm tail".split(" ");

let folder: string;
let topic: string;
let brokers: string;

beforeAll(async () => {
  brokers = (await kafkaBrokers()).join(",");
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "easymo-kafka-tools-"));
  topic = randomName("declared");
  await writeFile(
    join(folder, "topics.yaml"),
    `kind: KafkaTopic\nmetadata:\n  name: ${topic}\nspec:\n  partitions: 2\n  replicas: 1\n  config:\n    retention.ms: 60000\n`,
  );
});
afterEach(async () => {
  await withAdmin(async (admin) => {
    if ((await admin.listTopics()).includes(topic))
      await admin.deleteTopics({ topics: [topic] });
  });
  await rm(folder, { recursive: true });
});

async function withAdmin<T>(
  work: (admin: ReturnType<Kafka["admin"]>) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({
    brokers: brokers.split(","),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

async function executable(path: string, text: string): Promise<void> {
  await writeFile(path, `#!/usr/bin/env bash\n${text}`);
  await chmod(path, 0o755);
}

/** A distribution of Kafka: its jars, and the two tools that are used. */
async function distribution(): Promise<string> {
  const { stdout } = await run(join(infrastructure, "kafka-jars.sh"), []);
  const home = join(folder, "kafka");
  await mkdir(join(home, "bin"), { recursive: true });
  await symlink(stdout.trim(), join(home, "libs"));
  const classes = {
    topics: "org.apache.kafka.tools.TopicCommand",
    configs: "kafka.admin.ConfigCommand",
  };
  for (const [tool, name] of Object.entries(classes))
    await executable(
      join(home, "bin", `kafka-${tool}.sh`),
      `echo ${tool} >> ${folder}/used\nexec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "${home}/libs/*" ${name} "$@"\n`,
    );
  return home;
}

/** A folder of programs, to be the whole PATH. */
async function onlyThesePrograms(): Promise<string> {
  const programs = join(folder, "programs");
  await mkdir(programs);
  for (const program of NEEDED) {
    const { stdout } = await run("/bin/sh", ["-c", `command -v ${program}`]);
    await symlink(stdout.trim(), join(programs, program));
  }
  return programs;
}

async function apply(
  env: Record<string, string>,
  ...more: string[]
): Promise<string> {
  const file = join(folder, "topics.yaml");
  const { stdout, stderr } = await run(
    script,
    ["--bootstrap-server", brokers, "--file", file, ...more],
    // An empty folder: the jars that other tests have fetched are not these tools'.
    { env: { PATH: process.env.PATH ?? "", KAFKA_TOOLS_DIR: folder, ...env } },
  );
  return stdout + stderr;
}

function partitions(): Promise<number | undefined> {
  return withAdmin(async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length;
  });
}

describe("kafka-topics.sh", () => {
  test("uses the distribution that KAFKA_HOME names", async () => {
    const home = await distribution();
    expect(await apply({ KAFKA_HOME: home })).toContain(`create ${topic}`);
    expect(await partitions()).toBe(2);
    expect(await readFile(join(folder, "used"), "utf8")).toBe(
      "topics\ntopics\n",
    );
  });

  test("uses a distribution on the PATH", async () => {
    const home = await distribution();
    const path = [join(home, "bin"), process.env.PATH ?? ""].join(delimiter);
    expect(await apply({ PATH: path })).toContain(`create ${topic}`);
    expect(await partitions()).toBe(2);
  });

  test("uses Docker when there is neither a distribution nor Java: the image of the same version, on the host's network, with the client's settings", async () => {
    const programs = await onlyThesePrograms();
    const record = join(folder, "docker-arguments");
    await executable(
      join(programs, "docker"),
      `[ "$1" = info ] && exit 0\nprintf '%s\\n' "$*" >> ${record}\n`,
    );
    const settings = join(folder, "client.properties");
    await writeFile(settings, "security.protocol=PLAINTEXT\n");
    const told = await apply({ PATH: programs }, "--command-config", settings);
    expect(told).toContain(`create ${topic} with 2 partitions`);
    const [describing, creating] = (await readFile(record, "utf8")).split("\n");
    const { stdout } = await run("grep", [
      "-oP",
      "KAFKA_VERSION=\\K.*",
      join(infrastructure, "lib.sh"),
    ]);
    const begin = `run --rm --network host -v ${settings}:${settings}:ro apache/kafka:${stdout.trim()} /opt/kafka/bin/kafka-topics.sh --bootstrap-server ${brokers} --command-config ${settings}`;
    expect(describing).toBe(`${begin} --describe --exclude-internal`);
    expect(creating).toBe(
      `${begin} --create --if-not-exists --topic ${topic} --partitions 2 --replication-factor 1 --config retention.ms=60000`,
    );
  });

  test("says in one sentence what to install when there is none of them, or a Docker that does not run", async () => {
    const programs = await onlyThesePrograms();
    const refusal = {
      code: 1,
      stderr: expect.stringMatching(
        /needs Kafka's tools on the PATH, or Java and Maven, or a running Docker: install/,
      ),
    };
    await expect(apply({ PATH: programs })).rejects.toMatchObject(refusal);
    await executable(join(programs, "docker"), "exit 1\n");
    await expect(apply({ PATH: programs })).rejects.toMatchObject(refusal);
  });
});
