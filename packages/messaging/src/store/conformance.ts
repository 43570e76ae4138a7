import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { describeClaims } from "./conformance/claims.js";
import { describeSameAnswers } from "./conformance/same-answers.js";
import { describeValues } from "./conformance/values.js";
import { describeVersions } from "./conformance/versions.js";
import type { Store } from "./store.js";

/** What every store promises. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    test("answers a check", async () => {
      await expect(store.check()).resolves.toBeUndefined();
    });
    describeClaims(() => store);
    describeVersions(() => store);
    describeValues(() => store);
    describeSameAnswers(() => store);
  });
}
