import { createMetrics, ManualClock } from "@easymo/service-kit";
import { expect, test } from "@jest/globals";
import { ChannelTraffic, RoutingTable } from "./index.js";

const METRIC = "easymo_channel_last_traffic_timestamp_seconds";

const two = RoutingTable.parse(`
agents: [{name: sales}]
channels:
  - {kind: twilio, address: "+250780000001", tenant: t, agent: sales, name: shop/desk}
  - {kind: whatsapp, address: "106540352242922", tenant: t, agent: sales, name: shop/chat}
  - {kind: sip, address: "sip:kigali.example", tenant: t, agent: sales}
`);

test("the last traffic of a channel is told by its name, as long as it is in the document", async () => {
  const metrics = createMetrics();
  const clock = new ManualClock();
  let routing = two;
  let busy: string[] = [];
  const traffic = new ChannelTraffic({
    metrics,
    clock,
    routing: () => routing,
    busy: () => busy,
  });
  const scrape = async (): Promise<string[]> =>
    (await metrics.registry.getSingleMetricAsString(METRIC))
      .split("\n")
      .filter((line) => line.startsWith(METRIC));
  for (const channel of two.channels) traffic.seen(channel);
  const first = clock.now() / 1_000;
  expect(await scrape()).toEqual([
    `${METRIC}{channel="shop/desk"} ${first}`,
    `${METRIC}{channel="shop/chat"} ${first}`,
  ]);
  clock.advance(60_000);
  busy = ["shop/desk"];
  expect(await scrape()).toEqual([
    `${METRIC}{channel="shop/desk"} ${first + 60}`,
    `${METRIC}{channel="shop/chat"} ${first}`,
  ]);
  routing = RoutingTable.parse("agents: []\nchannels: []");
  busy = [];
  expect(await scrape()).toEqual([]);
});
