import { expect, test } from "@jest/globals";
import { createMetrics } from "@easymo/service-kit";
import type { Channel } from "../api/index.js";
import { ProviderError } from "../providers/provider.js";
import type { ObjectCache } from "../runtime/index.js";
import { channelForTest } from "../testing/resources.js";
import { countChannels, countRequests } from "./metrics.js";

const { signal } = new AbortController();

test("Channels are counted by whether people are answered there, as they are at each scrape", async () => {
  const readyOf = (status: string, reason: string) =>
    channelForTest(
      {},
      {},
      {
        conditions: [
          {
            ...{ type: "Ready", status, reason, message: "So it is." },
            lastTransitionTime: "2026-01-01T00:00:00Z",
          },
        ],
      },
    );
  let list = [
    readyOf("True", "Ready"),
    readyOf("True", "Ready"),
    readyOf("False", "AddressInUse"),
    channelForTest(),
  ];
  const channels: ObjectCache<Channel> = {
    get: () => undefined,
    list: () => list,
    keys: () => [],
    synced: () => true,
    onChange: () => () => undefined,
  };
  const metrics = createMetrics();
  countChannels(metrics, channels);
  const scraped = await metrics.registry.metrics();
  expect(scraped).toContain('{ready="True",reason="Ready"} 2');
  expect(scraped).toContain('{ready="False",reason="AddressInUse"} 1');
  expect(scraped).toContain('{ready="Unknown",reason="Pending"} 1');
  list = [];
  expect(await metrics.registry.metrics()).not.toContain("AddressInUse");
});

test("requests are counted by what came of them, and answered as they were", async () => {
  const metrics = createMetrics();
  const number = { id: "PN1", settings: {} };
  const refusal = new ProviderError("NumberNotFound", "There is none.");
  const provider = countRequests(metrics, () => ({
    find: (address) =>
      address === "there" ? Promise.resolve(number) : Promise.reject(refusal),
    write: () => Promise.resolve(),
  }))({ kind: "twilio", accountSid: "AC1", authToken: "token" });
  expect(await provider.find("there", signal)).toBe(number);
  await expect(provider.find("not there", signal)).rejects.toBe(refusal);
  await provider.write(number, {}, signal);
  const scraped = await metrics.registry.metrics();
  expect(scraped).toContain('{provider="twilio",outcome="success"} 2');
  expect(scraped).toContain('{provider="twilio",outcome="NumberNotFound"} 1');
});
