import { expect, test } from "@jest/globals";
import { randomName, until } from "@easymo/testbed";
import { range } from "../../test-support.js";
import type { Store } from "../store.js";

const TTL_MS = 60_000;

/** Plain values, and what is told to all who listen. */
export function describeValues(store: () => Store): void {
  test("of many who compare and set at the same time, one succeeds", async () => {
    const key = randomName();
    const set = (expected: string | undefined, name = "v") =>
      Promise.all(
        range(30).map((n) =>
          store().keyValue.compareAndSet(key, expected, `${name}${n}`, {
            ttlMs: TTL_MS,
          }),
        ),
      );
    expect((await set(undefined)).filter(Boolean)).toHaveLength(1);
    const value = await store().keyValue.get(key);
    expect((await set("not it")).filter(Boolean)).toHaveLength(0);
    expect((await set(value, "w")).filter(Boolean)).toHaveLength(1);
  });

  test("of many who set a value that must be absent, one succeeds", async () => {
    const key = randomName();
    const results = await Promise.all(
      range(30).map((n) =>
        store().keyValue.setIfAbsent(key, `v${n}`, { ttlMs: TTL_MS }),
      ),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await store().keyValue.get(key)).toBe(`v${results.indexOf(true)}`);
  });

  test("a value lives as long as it was told, and an empty one is a value", async () => {
    const key = randomName();
    await store().keyValue.set(key, "", { ttlMs: TTL_MS });
    expect(await store().keyValue.get(key)).toBe("");
    expect(
      await store().keyValue.compareAndSet(key, undefined, "x", {
        ttlMs: TTL_MS,
      }),
    ).toBe(false);
    expect(
      await store().keyValue.compareAndSet(key, "", "x", { ttlMs: 30 }),
    ).toBe(true);
    await until(async () => (await store().keyValue.get(key)) === undefined);
    await store().keyValue.set(key, "y", { ttlMs: TTL_MS });
    await store().keyValue.delete(key);
    expect(await store().keyValue.get(key)).toBeUndefined();
  });

  test("a broadcast reaches every listener of its channel, in order, and nobody else", async () => {
    const { broadcasts } = store();
    const channel = randomName();
    const heard: [string[], string[], string[]] = [[], [], []];
    const listenings = [channel, channel, randomName()].map((name, at) =>
      broadcasts.listen(name, (message) => heard[at]?.push(message)),
    );
    await Promise.all(listenings.map(({ ready }) => ready));
    expect(await broadcasts.send(channel, "un")).toBe(2);
    expect(await broadcasts.send(channel, "deux 🙂")).toBe(2);
    await until(() => heard[0].length + heard[1].length === 4);
    expect(heard).toEqual([["un", "deux 🙂"], ["un", "deux 🙂"], []]);
    await listenings[0]?.end();
    await until(async () => (await broadcasts.send(channel, "trois")) === 1);
    await until(() => heard[1].includes("trois"));
    expect(heard[0]).not.toContain("trois");
    await Promise.all(listenings.map((listening) => listening.end()));
    await until(async () => (await broadcasts.send(channel, "-")) === 0);
  });
}
