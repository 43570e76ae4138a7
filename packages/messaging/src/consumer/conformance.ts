import { describe } from "@jest/globals";
import type { BusHarness } from "../bus/conformance.js";
import { consumerSuite } from "./conformance/consumer-suite.js";
import { describeFailures } from "./conformance/failures.js";
import { describeHandling } from "./conformance/handling.js";
import { describeLifecycle } from "./conformance/lifecycle.js";

/** What the consumer runtime promises, on whichever bus. */
export function describeConsumer(
  name: string,
  open: () => Promise<BusHarness>,
): void {
  describe(name, () => {
    const suite = consumerSuite(open);
    describeHandling(suite);
    describeFailures(suite);
    describeLifecycle(suite);
  });
}
