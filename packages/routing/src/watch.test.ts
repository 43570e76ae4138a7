import {
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  createLogger,
  createMetrics,
  ManualClock,
  systemClock,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import {
  fixedRouting,
  RoutingError,
  type RoutingSource,
  RoutingTable,
  watchRouting,
} from "./index.js";

function documentWith(address: string): string {
  return `
agents: [{name: sales, instructions: Help.}]
channels: [{kind: twilio, address: "${address}", tenant: t, agent: sales}]
`;
}
const first = documentWith("+250780000001");
const second = documentWith("+250780000002");
const broken = "agents: []\nchannels: [{kind: fax}]\n";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "routing-"));
  cleanUps.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function watched(file: string, clock = systemClock) {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const metrics = createMetrics();
  const source = await watchRouting({
    file,
    clock,
    metrics,
    logger: createLogger({ name: "test", level: "info", destination }),
  });
  cleanUps.push(() => source.close());
  const reloads = async (outcome: string): Promise<number | undefined> => {
    const metric = await metrics.registry
      .getSingleMetric("easymo_routing_reloads_total")
      ?.get();
    return metric?.values.find(({ labels }) => labels.outcome === outcome)
      ?.value;
  };
  return { source, lines, reloads };
}

function addressOf(source: RoutingSource): string | undefined {
  return source.current().channels[0]?.address;
}

describe("watching a routing document", () => {
  test("takes a file that was written over", async () => {
    const file = join(await folder(), "routing.yaml");
    await writeFile(file, first);
    const { source, reloads } = await watched(file);
    expect(addressOf(source)).toBe("+250780000001");
    const told: (string | undefined)[] = [];
    source.onChange((table) => told.push(table.channels[0]?.address));
    await writeFile(`${file}.new`, second);
    await rename(`${file}.new`, file);
    await until(() => addressOf(source) === "+250780000002");
    expect(told).toEqual(["+250780000002"]);
    expect(await reloads("applied")).toBe(1);
  });

  test("takes the swap of a mounted ConfigMap's link within 5 s", async () => {
    // As the kubelet does it: routing.yaml → ..data/routing.yaml, ..data → ..<time>, replaced by a rename.
    const mount = await folder();
    await mkdir(join(mount, "..2026_01"));
    await writeFile(join(mount, "..2026_01", "routing.yaml"), first);
    await symlink("..2026_01", join(mount, "..data"));
    await symlink("..data/routing.yaml", join(mount, "routing.yaml"));
    const { source } = await watched(join(mount, "routing.yaml"));
    await mkdir(join(mount, "..2026_02"));
    await writeFile(join(mount, "..2026_02", "routing.yaml"), second);
    await symlink("..2026_02", join(mount, "..data_tmp"));
    const startedMs = performance.now();
    await rename(join(mount, "..data_tmp"), join(mount, "..data"));
    await rm(join(mount, "..2026_01"), { recursive: true });
    await until(() => addressOf(source) === "+250780000002", {
      timeoutMs: 5_000,
    });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  test("takes a change that the file system tells nothing of, by looking every 2 s", async () => {
    // The file is a link out of the watched folder: nothing happens in the folder itself.
    const [mount, elsewhere] = [await folder(), await folder()];
    const target = join(elsewhere, "routing.yaml");
    await writeFile(target, first);
    await symlink(target, join(mount, "routing.yaml"));
    const clock = new ManualClock();
    const { source } = await watched(join(mount, "routing.yaml"), clock);
    await writeFile(target, second);
    await until(async () => {
      await clock.advanceAsync(2_000);
      return addressOf(source) === "+250780000002";
    });
  });

  test("refuses a broken change, says why, and keeps the last good one", async () => {
    const file = join(await folder(), "routing.yaml");
    await writeFile(file, first);
    const { source, lines, reloads } = await watched(file);
    await writeFile(`${file}.new`, broken);
    await rename(`${file}.new`, file);
    await until(async () => (await reloads("refused")) === 1);
    expect(addressOf(source)).toBe("+250780000001");
    expect(lines.join("")).toContain("channels[0].kind");
    await writeFile(`${file}.new`, second);
    await rename(`${file}.new`, file);
    await until(() => addressOf(source) === "+250780000002");
    expect(await reloads("refused")).toBe(1);
    expect(await reloads("applied")).toBe(1);
  });

  test("keeps the last good one when the file, or its whole folder, has gone, and takes the next one", async () => {
    const inner = join(await folder(), "mount");
    await mkdir(inner);
    const file = join(inner, "routing.yaml");
    await writeFile(file, first);
    const { source, reloads } = await watched(file);
    await unlink(file);
    await until(async () => (await reloads("missing")) === 1);
    expect(addressOf(source)).toBe("+250780000001");
    await rm(inner, { recursive: true });
    await mkdir(inner);
    await writeFile(file, second);
    await until(() => addressOf(source) === "+250780000002", {
      timeoutMs: 5_000,
    });
    expect(await reloads("missing")).toBe(1);
  });

  test("makes nothing of a file that is touched, or goes back to what is in force", async () => {
    const file = join(await folder(), "routing.yaml");
    await writeFile(file, first);
    const { source, lines, reloads } = await watched(file);
    const before = source.current();
    await unlink(file);
    await until(async () => (await reloads("missing")) === 1);
    await writeFile(`${file}.new`, first);
    await rename(`${file}.new`, file);
    await until(() => lines.join("").includes("again the one in force"));
    expect(await reloads("applied")).toBe(0);
    expect(source.current()).toBe(before);
  });

  test("goes on when a listener fails, and stops telling one that has left", async () => {
    const file = join(await folder(), "routing.yaml");
    await writeFile(file, first);
    const { source, lines } = await watched(file);
    const told: string[] = [];
    const leave = source.onChange(() => told.push("left"));
    source.onChange(() => {
      throw new Error("a listener's own trouble");
    });
    source.onChange(() => told.push("stayed"));
    leave();
    await writeFile(`${file}.new`, second);
    await rename(`${file}.new`, file);
    await until(() => told.length > 0);
    expect(told).toEqual(["stayed"]);
    expect(lines.join("")).toContain("a listener's own trouble");
  });

  test("does not start on a file that is missing or broken", async () => {
    const file = join(await folder(), "routing.yaml");
    const outcome = async (): Promise<unknown> =>
      watched(file).catch((error: unknown) => error);
    const missing = await outcome();
    expect(missing).toBeInstanceOf(RoutingError);
    expect(missing).toMatchObject({ code: "routing_unreadable" });
    await writeFile(file, broken);
    expect(await outcome()).toMatchObject({ code: "routing_invalid" });
  });

  test("leaves no timer behind once closed", async () => {
    const file = join(await folder(), "routing.yaml");
    await writeFile(file, first);
    const clock = new ManualClock();
    const { source } = await watched(file, clock);
    await source.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

test("fixed routing stays what it is", async () => {
  const table = RoutingTable.parse(first);
  const source = fixedRouting(table);
  const leave = source.onChange(() => {
    throw new Error("never called");
  });
  expect(source.current()).toBe(table);
  leave();
  await source.close();
});
