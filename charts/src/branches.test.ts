import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  branchesTaken,
  markBranches,
  MARK_HELPER,
  MARK_PRINTER,
} from "./testing/branch-marks.js";
import { aloneCases, SERVICES, umbrellaCases } from "./testing/cases.js";
import {
  copyOf,
  template,
  umbrellaWithStandIn,
  type ChartCopy,
  type Rendering,
} from "./testing/helm.js";
import {
  operatorRefusals,
  refusals,
  refusalsAlone,
} from "./testing/refusals.js";

/** Marks every template of a copy; gives the names of all branches. */
function mark(copy: ChartCopy): string[] {
  const names: string[] = [];
  for (const path of globSync("**/templates/**/*.*", { cwd: copy.folder })) {
    const whole = join(copy.folder, path);
    const file = `${copy.folder}/${path}`.replace(
      /^.*\/([^/]+\/templates\/)/,
      "$1",
    );
    const marked = markBranches(readFileSync(whole, "utf8"), file);
    names.push(...marked.branches);
    writeFileSync(whole, marked.text);
  }
  const templates = join(copy.folder, "templates");
  writeFileSync(join(templates, "_branch-mark.tpl"), MARK_HELPER);
  writeFileSync(join(templates, "0-branches.yaml"), MARK_PRINTER);
  return names;
}

/** What is refused has a sentence, with the branch in it. */
async function refusedIn(copy: ChartCopy, rendering: Rendering) {
  try {
    await template("helm4", copy.folder, rendering);
  } catch (error) {
    return branchesTaken(String(error));
  }
  throw new Error(`${JSON.stringify(rendering)} was rendered`);
}

const takenIn = async (copy: ChartCopy, rendering: Rendering) =>
  branchesTaken(await template("helm4", copy.folder, rendering));

describe("the cases", () => {
  test("go through every branch of every template, and past it", async () => {
    const all = new Set<string>();
    const seen = new Set<string>();
    const see = (names: readonly string[]) => {
      for (const name of names) seen.add(name);
    };
    const umbrella = umbrellaWithStandIn();
    try {
      for (const name of mark(umbrella)) all.add(name);
      for (const one of umbrellaCases) see(await takenIn(umbrella, one));
      for (const one of [...refusals, ...operatorRefusals])
        see(await refusedIn(umbrella, one));
    } finally {
      umbrella.remove();
    }
    for (const chart of [...SERVICES, "operator", "realtime-simulator"]) {
      const copy = copyOf(chart);
      try {
        for (const name of mark(copy)) all.add(name);
        for (const one of aloneCases(chart)) see(await takenIn(copy, one));
        for (const one of refusalsAlone)
          if (one.chart === chart) see(await refusedIn(copy, one));
      } finally {
        copy.remove();
      }
    }
    expect(all.size).toBeGreaterThan(200);
    expect([...all].filter((name) => !seen.has(name))).toEqual([]);
  });
});
