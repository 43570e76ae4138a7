import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import {
  chartsFolder,
  helms,
  template,
  umbrellaWithStandIn,
} from "./testing/helm.js";
import {
  operatorRefusals,
  refusals,
  refusalsAlone,
} from "./testing/refusals.js";

const umbrella = umbrellaWithStandIn();
afterAll(() => umbrella.remove());

describe("what cannot work is refused with a sentence that names it", () => {
  test.each(
    [...refusals, ...operatorRefusals].map((one) => [one.what, one] as const),
  )("%s", async (_, { sentence, ...rendering }) => {
    await expect(template("helm4", umbrella.folder, rendering)).rejects.toThrow(
      sentence,
    );
  });

  test.each(refusalsAlone.map((one) => [one.what, one] as const))(
    "%s",
    async (_, { chart, sentence, ...rendering }) => {
      await expect(
        template("helm4", join(chartsFolder, chart), rendering),
      ).rejects.toThrow(sentence);
    },
  );

  test("by Helm 3 as well", async () => {
    expect(helms).toContain("helm3");
    await expect(
      template("helm3", umbrella.folder, {
        values: { "redis.enabled": false },
      }),
    ).rejects.toThrow(/no Redis/);
    await expect(
      template("helm3", umbrella.folder, { values: { "voiceBridge.nope": 1 } }),
    ).rejects.toThrow(/nope/);
  });
});
