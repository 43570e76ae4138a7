import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startApiServer, type ApiServer } from "@easymo/testbed";
import { z } from "zod";
import { parseAgent, parseChannel } from "./index.js";

const fileAt = (path: string): string =>
  fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const CRDS = fileAt("charts/operator/crds");
const EXAMPLES = fileAt("manifests/agents-and-channels.example.yaml");

const listSchema = z.object({
  items: z.array(z.looseObject({ kind: z.string(), spec: z.unknown() })),
});

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
}, 180_000);
afterAll(() => server.close());

/** What kubectl prints as a table: its columns, and what stands in them by the first. */
async function table(...args: string[]) {
  const lines = (await server.kubectl(["get", ...args])).trimEnd().split("\n");
  const [head = "", ...rows] = lines;
  const starts = [...head.matchAll(/\S+/g)].map(({ index }) => index);
  const cells = (line: string) =>
    starts.map((start, i) => line.slice(start, starts[i + 1]).trim());
  return { columns: cells(head), rows: rows.map(cells) };
}

function setStatus(resource: string, status: unknown): Promise<string> {
  return server.kubectl([
    ...["patch", ...resource.split(" "), "--subresource=status"],
    ...["--type=merge", `--patch=${JSON.stringify({ status })}`],
  ]);
}

const ready = (status: string, reason: string) => ({
  type: "Ready",
  status,
  reason,
  message: "A sentence.",
  lastTransitionTime: "2026-01-02T03:04:05Z",
});
const AN_AGE = /^\d+[a-z0-9]*$/;

test("definitions that Helm installed long ago are brought up to date by the documented command", async () => {
  const older = readFileSync(`${CRDS}/channels.yaml`, "utf8").replace(
    "- ch\n",
    "- older\n",
  );
  // As Helm makes what is in crds/: by its own name, once.
  await server.kubectl(
    ["create", "--field-manager=helm", "--filename=-"],
    older,
  );
  await upgradeDefinitions();
  expect(
    await server.kubectl([
      ...["get", "customresourcedefinition", "channels.bridges.easymo.dev"],
      "--output=jsonpath={.spec.names.shortNames}",
    ]),
  ).toBe('["ch"]');
});

/** Makes the definitions what they are to be, whether or not they are there. */
async function upgradeDefinitions(): Promise<void> {
  await server.kubectl(["apply", ...upgradeFlags(), "--filename", CRDS]);
  await server.kubectl([
    ...["wait", "--for=condition=Established", "--timeout=60s"],
    ...["customresourcedefinitions", "--all"],
  ]);
}

/** As the chart's notes tell it. */
function upgradeFlags(): string[] {
  const notes = readFileSync(
    fileAt("charts/operator/templates/NOTES.txt"),
    "utf8",
  );
  const flags =
    /kubectl apply (.+) --filename charts\/operator\/crds/.exec(notes)?.[1] ??
    "";
  return flags.split(" ");
}

describe("with the examples applied", () => {
  beforeAll(async () => {
    await upgradeDefinitions();
    await server.kubectl(["apply", "--filename", EXAMPLES]);
    await setStatus("channel parts-phone", {
      address: "+250780000001",
      lastTrafficTime: new Date(Date.now() - 3 * 3_600_000).toISOString(),
      conditions: [ready("True", "Ready")],
    });
    await setStatus("channel parts-desk", {
      address: "sip:desk@kigali.example",
      conditions: [ready("False", "AgentNotFound")],
    });
    await setStatus("agent sales", {
      channels: 3,
      conditions: [ready("True", "Ready")],
    });
  });

  test("channels are shown with address, tenant, agent, readiness and last traffic", async () => {
    const { columns, rows } = await table("channels");
    expect(columns).toEqual([
      "NAME",
      "ADDRESS",
      "TENANT",
      "AGENT",
      "READY",
      "REASON",
      "LAST-TRAFFIC",
      "AGE",
    ]);
    expect(rows).toEqual(
      expect.arrayContaining([
        [
          "parts-phone",
          "+250780000001",
          "kigali-parts",
          "sales",
          "True",
          "Ready",
          expect.stringMatching(AN_AGE),
          expect.stringMatching(AN_AGE),
        ],
        [
          "parts-desk",
          "sip:desk@kigali.example",
          "kigali-parts",
          "sales",
          "False",
          "AgentNotFound",
          "",
          expect.stringMatching(AN_AGE),
        ],
      ]),
    );
  });

  test("agents are shown with model, languages, channels and readiness", async () => {
    const { columns, rows } = await table("agents");
    expect(columns).toEqual([
      "NAME",
      "MODEL",
      "LANGUAGES",
      "CHANNELS",
      "READY",
      "REASON",
      "AGE",
    ]);
    expect(rows).toEqual(
      expect.arrayContaining([
        [
          "sales",
          "gpt-realtime",
          '["en","rw","fr","sw"]',
          "3",
          "True",
          "Ready",
          expect.stringMatching(AN_AGE),
        ],
        [
          "support",
          "gpt-realtime",
          '["en"]',
          "",
          "",
          "",
          expect.stringMatching(AN_AGE),
        ],
      ]),
    );
  });

  test("both go by short names and in one category", async () => {
    const names = async (what: string) =>
      (await server.kubectl(["get", what, "--output=name"]))
        .trim()
        .split("\n")
        .sort();
    const agents = await names("ag");
    const channels = await names("ch");
    expect(agents).toEqual([
      "agent.bridges.easymo.dev/sales",
      "agent.bridges.easymo.dev/support",
    ]);
    expect(channels).toHaveLength(5);
    expect(await names("easymo")).toEqual([...agents, ...channels].sort());
  });

  test("kubectl explains the fields", async () => {
    expect(
      await server.kubectl(["explain", "channel.spec.credentialsSecretRef"]),
    ).toMatch(/TWILIO_ACCOUNT_SID/);
  });

  test("a change of the spec raises the generation, one of the status does not", async () => {
    const generation = () =>
      server.kubectl([
        ...["get", "agent", "support"],
        "--output=jsonpath={.metadata.generation}",
      ]);
    expect(await generation()).toBe("1");
    await setStatus("agent support", { observedGeneration: 1 });
    expect(await generation()).toBe("1");
    await server.kubectl([
      ...["patch", "agent", "support", "--type=merge"],
      '--patch={"spec":{"voice":"cedar"}}',
    ]);
    expect(await generation()).toBe("2");
  });

  test("what the operator reads is what the API server keeps, with the same defaults", async () => {
    const kept: unknown = JSON.parse(
      await server.kubectl(["get", "easymo", "--output=json"]),
    );
    const { items } = listSchema.parse(kept);
    for (const item of items) {
      const parsed =
        item.kind === "Agent" ? parseAgent(item) : parseChannel(item);
      expect(parsed).toMatchObject({ ok: true, value: { spec: item.spec } });
    }
  });
});
