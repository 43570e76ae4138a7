import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { createMemoryBus, createStore, type Bus } from "@easymo/messaging";
import { ChannelTraffic, fixedRouting, RoutingTable } from "@easymo/routing";
import {
  createServiceHttp,
  listen,
  type RunningService,
} from "@easymo/service-kit";
import { startRedis, type OwnRedis } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { botMetrics } from "../metrics.js";
import { People } from "../people.js";
import {
  APP_SECRET,
  newWaId,
  postJson,
  textFrom,
  VERIFY_TOKEN,
  webhook,
} from "../testing/meta.js";
import { quietKit, ROUTING } from "../testing/running-bot.js";
import { Ingest } from "./ingest.js";
import { webhookRoutes } from "./routes.js";

/** Meta's door alone, on a Redis of its own: nobody else asks anything of it. */

let redis: OwnRedis;
let door: RunningService;
/** The turns of the event loop in which something was published. */
const turns = new Set<number>();
let turn = 0;

beforeAll(async () => {
  redis = await startRedis();
  const kit = quietKit("door");
  const memory = createMemoryBus(kit);
  const store = createStore(redis.url, kit);
  const bus: Bus = {
    publish: async (records, options) => {
      turns.add(turn);
      setImmediate(() => (turn += 1));
      await memory.publish(records, options);
    },
    publishEvent: (...args) => memory.publishEvent(...args),
    subscribe: (options) => memory.subscribe(options),
    check: () => memory.check(),
    close: () => memory.close(),
  };
  const metrics = botMetrics(kit.metrics);
  const { clock, logger } = kit;
  const routing = RoutingTable.parse(ROUTING);
  const ingest = new Ingest({
    bus,
    idempotency: store.idempotency,
    people: new People(store.keyValue),
    metrics,
    traffic: new ChannelTraffic({
      metrics: kit.metrics,
      clock,
      routing: () => routing,
    }),
    clock,
    logger,
    routing: () => fixedRouting(routing).current(),
  });
  const http = createServiceHttp({
    kit,
    bodies: "per-route",
    dependencies: {},
    configure: (app) => {
      app.use(
        webhookRoutes({
          appSecret: APP_SECRET,
          verifyToken: VERIFY_TOKEN,
          ingest,
          metrics,
          clock,
        }),
      );
    },
  });
  door = await listen(
    {
      http,
      start: () => Promise.resolve(),
      drain: () => Promise.resolve(),
      close: async () => {
        await Promise.all([bus.close(), store.close()]);
      },
    },
    { port: 0, host: "127.0.0.1" },
  );
});

afterAll(async () => {
  await door.close();
  await redis.stop();
});

async function readsOfRedis(): Promise<number> {
  const { port, hostname } = new URL(redis.url);
  const socket = connect(Number(port), hostname);
  socket.end("INFO stats\r\nQUIT\r\n");
  return Number(/total_reads_processed:(\d+)/.exec(await text(socket))?.[1]);
}

function hundred() {
  return webhook(
    ...Array.from({ length: 100 }, () =>
      textFrom({ waId: newWaId() }, "Ni angahe?"),
    ),
  );
}

test("a webhook of 100 messages asks Redis a few times for all of them, and gives all of them to the bus at once", async () => {
  // The first one finds Redis without the scripts.
  expect((await postJson(door.url, hundred())).status).toBe(200);
  turns.clear();
  const before = await readsOfRedis();
  expect((await postJson(door.url, hundred())).status).toBe(200);
  // One by one it would be 400; a pipeline of many kilobytes may come in several reads.
  expect((await readsOfRedis()) - before).toBeLessThan(40);
  expect(turns.size).toBe(1);
});
