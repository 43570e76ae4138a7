import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import {
  agentAcceptedReasons,
  channelAcceptedReasons,
  eventReasons,
  programmedReasons,
} from "./api/index.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The first column of the table below a heading. */
function reasonsBelow(heading: string): string[] {
  const [, below = ""] = readme.split(`\n### ${heading}\n`);
  const [section = ""] = below.split(/\n#+ /);
  return [...section.matchAll(/^\| `(\w+)`/gm)].map(
    ([, reason]) => reason ?? "",
  );
}

describe("the README's tables have every reason, and no other", () => {
  test.each([
    ["Agent: `Accepted`", agentAcceptedReasons],
    ["Channel: `Accepted`", channelAcceptedReasons],
    ["Channel: `Programmed`", programmedReasons],
    ["Events", eventReasons],
  ])("%s", (heading, reasons) => {
    expect(reasonsBelow(heading).sort()).toEqual([...reasons].sort());
  });
});
