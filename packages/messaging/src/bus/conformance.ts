import { describe } from "@jest/globals";
import { busSuite, type BusHarness } from "./conformance/bus-suite.js";
import { describeGroups } from "./conformance/groups.js";
import { describeMembers } from "./conformance/members.js";
import { describePublishing } from "./conformance/publishing.js";

export type { BusHarness } from "./conformance/bus-suite.js";

/** What every driver of the bus promises. */
export function describeBus(
  name: string,
  open: () => Promise<BusHarness>,
): void {
  describe(name, () => {
    const suite = busSuite(open);
    describePublishing(suite);
    describeGroups(suite);
    describeMembers(suite);
  });
}
