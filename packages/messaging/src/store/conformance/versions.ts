import { expect, test } from "@jest/globals";
import { randomName } from "@easymo/testbed";
import { range } from "../../test-support.js";
import type { Store } from "../store.js";

const TTL_MS = 60_000;

/** Values with versions, written in groups, and found when they are due. */
export function describeVersions(store: () => Store): void {
  test("versioned values are read and written in batches, each group by its own versions", async () => {
    const { versioned } = store();
    const tag = `{${randomName()}}`;
    const [a, b, c] = [`${tag}:a`, `${tag}:b`, `${randomName()}:c`];
    expect(
      await versioned.write([
        [change(a, undefined, "1", "é: 1")],
        [change(b, undefined, "1")],
        [change(c, "1", "2")],
      ]),
    ).toEqual([true, true, false]);
    expect(await versioned.read([a, c, b])).toEqual([
      { version: "1", value: "é: 1" },
      undefined,
      { version: "1", value: "value of 1" },
    ]);
    expect(
      await versioned.write([
        [change(a, "1", "2"), change(b, "7", "8")],
        [change(b, "1", "2")],
        [change(c, undefined, "1")],
      ]),
    ).toEqual([false, true, true]);
    expect(await versioned.read([a, b, c])).toEqual([
      { version: "1", value: "é: 1" },
      { version: "2", value: "value of 2" },
      { version: "1", value: "value of 1" },
    ]);
    expect(await versioned.read([])).toEqual([]);
    expect(await versioned.write([])).toEqual([]);
  });

  test("a group whose keys need not be together is refused: a cluster could not write it whole", async () => {
    const write = async () =>
      store().versioned.write([
        [
          change(`{${randomName()}}:a`, undefined, "1"),
          change(`{${randomName()}}:b`, undefined, "1"),
        ],
      ]);
    await expect(write()).rejects.toThrow("same words in braces");
  });

  test("what is due is given to one who asks, and again when they are late; what is not due any more to nobody", async () => {
    const tag = randomName();
    const [a, b, c, d] = ["a", "b", "c", "d"].map((it) => `{${tag}}:${it}`);
    const due = (key = "", dueMs: number | null = null, before?: string) => ({
      ...change(key, before, before === undefined ? "1" : "2"),
      dueMs,
    });
    const { versioned } = store();
    await versioned.write([
      [due(a, 2_000), due(b, 1_000)],
      [due(c, 3_000)],
      [due(d, 500)],
      [due(`{${randomName()}}:elsewhere`, 1)],
    ]);
    // As before; not any more; and of a group that is not written, nothing.
    await versioned.write([
      [change(a ?? "", "1", "2")],
      [due(d, null, "1")],
      [due(c, 1, "9")],
    ]);
    const claim = (nowMs: number, limit = 10) =>
      versioned.claimDue(tag, { nowMs, againMs: nowMs + 5_000, limit });
    expect(await claim(999)).toEqual([]);
    expect(await claim(2_000, 1)).toEqual([b]);
    const both = await Promise.all([claim(2_000), claim(2_000)]);
    expect(both.flat()).toEqual([a]);
    expect(await claim(6_999)).toEqual([c]);
    await versioned.dropDue(tag, [a ?? ""]);
    await versioned.dropDue(tag, []);
    expect(await claim(8_000)).toEqual([b]);
  });

  test("of many who change a version at the same time, one does", async () => {
    const key = randomName();
    await store().versioned.write([[change(key, undefined, "0")]]);
    const results = await Promise.all(
      range(50).map((n) =>
        store().versioned.write([[change(key, "0", `by-${n}`)]]),
      ),
    );
    expect(results.flat().filter(Boolean)).toHaveLength(1);
  });

  test("a batch of thousands of versioned values comes back in order", async () => {
    const tags = range(5).map(() => randomName());
    const keys = range(3_000).map((n) => `{${tags[n % 5]}}:${n}`);
    const groups = keys.map((key) => [change(key, undefined, "1", key)]);
    expect((await store().versioned.write(groups)).every((done) => done)).toBe(
      true,
    );
    const read = await store().versioned.read(keys);
    expect(read.map((entry) => entry?.value)).toEqual(keys);
  });
}

function change(
  key: string,
  expected: string | undefined,
  version: string,
  value = `value of ${version}`,
) {
  return { key, expected, version, value, ttlMs: TTL_MS };
}
