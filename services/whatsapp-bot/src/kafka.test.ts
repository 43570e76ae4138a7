import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createBus,
  createStore,
  topicCatalogue,
  type Bus,
  type Store,
} from "@easymo/messaging";
import { optOutConfirmation } from "@easymo/opt-out-lexicon";
import type { RunningService } from "@easymo/service-kit";
import {
  randomName,
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { GraphApi } from "./testing/graph-api.js";
import { publishSend, textTo } from "./testing/messages.js";
import {
  messageId,
  newWaId,
  postJson,
  textFrom,
  webhook,
  type Json,
} from "./testing/meta.js";
import {
  agentCoreOf,
  ENV,
  EventLog,
  quietKit,
  ROUTING,
  startAgentCore,
  startBot,
  type RunningBot,
} from "./testing/running-bot.js";

/** Two replicas on one Kafka, one Redis and one agent-core. */

let cluster: KafkaCluster;
let redis: OwnRedis;
let agentCore: RunningService;
let graph: GraphApi;
let replicas: RunningBot[];
let watcher: Bus;
let log: EventLog;

function busTo(kafka: KafkaCluster): Bus {
  return createBus(
    { brokers: kafka.brokers, clientId: "whatsapp-bot-test", ssl: false },
    quietKit("test"),
  );
}

function storeOn(url: string): Store {
  return createStore(url, quietKit("test"));
}

beforeAll(async () => {
  [cluster, redis, agentCore, graph] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startRedis(),
    startAgentCore(),
    GraphApi.start(),
  ]);
  await Promise.all(
    topicCatalogue.map(({ name, partitions }) =>
      cluster.createTopic(name, { partitions }),
    ),
  );
  const start = (): Promise<RunningBot> =>
    startBot({
      agentCoreUrl: agentCore.url,
      graph,
      bus: busTo(cluster),
      store: storeOn(redis.url),
    });
  replicas = await Promise.all([start(), start()]);
  watcher = busTo(cluster);
  log = await EventLog.of(watcher);
  // A first publish may take longer than a webhook waits, on a machine that is busy starting all this.
  for (const { url: address } of replicas)
    await until(async () => {
      const hello = webhook(textFrom({ waId: newWaId() }, "hello"));
      return (await postJson(address, hello)).status === 200;
    });
});

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await Promise.all([watcher.close(), agentCore.close(), graph.close()]);
  await Promise.all([cluster.stop(), redis.stop()]);
});

function url(replica: 0 | 1): string {
  return replicas[replica]?.url ?? "";
}

function published(id: string): number {
  return log.of("message.received").filter(({ data }) => data.messageId === id)
    .length;
}

test("one webhook sent to two replicas at once is one event each", async () => {
  const ids = Array.from({ length: 20 }, () => messageId());
  const body = webhook(
    ...ids.map((id) => textFrom({ waId: newWaId() }, "hello", id)),
  );
  const answers = await Promise.all(
    [0, 1, 0, 1].map((replica) => postJson(url(replica === 0 ? 0 : 1), body)),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  for (const id of ids)
    await log.next("message.received", ({ data }) => data.messageId === id);
  const last = messageId();
  await postJson(url(0), webhook(textFrom({ waId: newWaId() }, "x", last)));
  await log.next("message.received", ({ data }) => data.messageId === last);
  expect(ids.map(published)).toEqual(ids.map(() => 1));
});

test("someone who says stop is in the registry, is told once, and hears nothing more", async () => {
  const waId = newWaId();
  const phone = `+${waId}`;
  await Promise.all([
    postJson(url(0), webhook(textFrom({ waId }, "Ntimuzongere kunyandikira"))),
    postJson(url(1), webhook(textFrom({ waId }, "STOP"))),
  ]);
  await graph.until(phone, 1);
  await expect(agentCoreOf(agentCore.url).optOut(phone)).resolves.toMatchObject(
    { optedOut: true },
  );
  const data = textTo(phone);
  await publishSend(watcher, data);
  await until(
    async () => {
      const all = await Promise.all(replicas.map((one) => one.metrics()));
      return all.some((metrics) =>
        /easymo_whatsapp_sends_total\{outcome="opted_out"\} [1-9]/.test(
          metrics,
        ),
      );
    },
    { what: "the message that is dropped" },
  );
  const [confirmation, ...more] = graph.sentTo(phone);
  expect([optOutConfirmation("rw"), optOutConfirmation("en")]).toContain(
    confirmation?.text?.body,
  );
  expect(more).toEqual([]);
});

test("a message is sent once per key by two replicas", async () => {
  const waId = newWaId();
  const phone = `+${waId}`;
  await postJson(url(0), webhook(textFrom({ waId }, "Muraho")));
  const keys = Array.from({ length: 8 }, () => randomName("key"));
  // Without a user id here, with one there: other Kafka keys, so that both replicas get some.
  await Promise.all(
    keys.flatMap((dedupeKey) => [
      publishSend(watcher, textTo(phone, { dedupeKey })),
      publishSend(watcher, {
        ...textTo(phone, { dedupeKey }),
        userId: `${phone}-${dedupeKey}`,
      }),
    ]),
  );
  await graph.until(phone, keys.length);
  await publishSend(watcher, textTo(phone, { text: "the last" }));
  await until(() =>
    graph.sentTo(phone).some(({ text }) => text?.body === "the last"),
  );
  const sent = graph
    .sentTo(phone)
    .map((one) => one.biz_opaque_callback_data)
    .filter((key) => keys.includes(key ?? ""));
  expect([...sent].sort()).toEqual([...keys].sort());
});

test("while Redis is away nothing is taken, and afterwards all of it", async () => {
  const id = messageId();
  const body = webhook(textFrom({ waId: newWaId() }, "hello", id));
  redis.freeze();
  const refused = await postJson(url(0), body);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  redis.thaw();
  await until(async () => (await postJson(url(0), body)).status === 200);
  await log.next("message.received", ({ data }) => data.messageId === id);
});

/** A replica in a process of its own, which names itself to Meta by its token. */
async function startProcessOfItsOwn(token: string): Promise<ServiceProcess> {
  const folder = await mkdtemp(join(tmpdir(), "whatsapp-bot-"));
  const routing = join(folder, "routing.yaml");
  await writeFile(routing, ROUTING);
  return ServiceProcess.start("whatsapp-bot", {
    ...ENV,
    LOG_LEVEL: "fatal",
    KAFKA_BROKERS: cluster.brokers.join(","),
    REDIS_URL: redis.url,
    ROUTING_FILE: routing,
    AGENT_CORE_URL: agentCore.url,
    META_ACCESS_TOKEN: token,
    GRAPH_API_URL: graph.url,
  });
}

test("through kill -9 of a replica, and a Kafka that does not answer, each message is one event, and each key is sent once by whoever lives on", async () => {
  const people = Array.from({ length: 20 }, () => newWaId());
  const webhooks = Array.from({ length: 220 }, (_, at) => {
    const id = messageId();
    const waId = people[at % people.length];
    const someone = waId === undefined ? {} : { waId };
    return { id, body: webhook(textFrom(someone, "👍", id)) };
  });
  const keys = people.flatMap((waId) =>
    Array.from({ length: 4 }, () => ({ waId, dedupeKey: randomName("key") })),
  );
  for (const { body } of webhooks.splice(0, people.length))
    expect((await postJson(url(0), body)).status).toBe(200);

  let mortal = await startProcessOfItsOwn("first");
  const urls = [() => mortal.url, () => url(0), () => url(1)];
  const answers: (number | undefined)[] = [];
  /** As Meta does: again until it is taken, by whichever replica the load balancer chooses. */
  const deliver = (body: Json, first: number): Promise<unknown> => {
    let next = first;
    return until(
      async () => {
        const to = urls[next++ % urls.length]?.() ?? "";
        const answer = await postJson(to, body).catch(() => undefined);
        answers.push(answer?.status);
        return answer?.status === 200;
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
  };
  const queue = [...webhooks.entries()];
  const senders = Array.from({ length: 16 }, async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift())
      await deliver(one[1].body, one[0]);
  });
  const sends = Promise.all(
    keys.map(({ waId, dedupeKey }) =>
      publishSend(watcher, textTo(`+${waId}`, { dedupeKey })),
    ),
  );
  await until(() => queue.length < 150);
  mortal.signal("SIGKILL");
  await mortal.exited;
  mortal = await startProcessOfItsOwn("second");
  await until(() => queue.length < 100);
  cluster.freeze(1);
  const answered = answers.length;
  // Nothing can be taken now, and somebody is told so.
  await until(() => answers.slice(answered).includes(503));
  cluster.thaw(1);
  await Promise.all([...senders, sends]);

  const eventsOf = (id: string): Set<string> =>
    new Set(
      log
        .of("message.received")
        .filter(({ data }) => data.messageId === id)
        .map((event) => event.id),
    );
  await until(() => webhooks.every(({ id }) => eventsOf(id).size > 0), {
    timeoutMs: 60_000,
  });
  expect(webhooks.filter(({ id }) => eventsOf(id).size > 1)).toEqual([]);

  const sendersOf = (key: string): string[] =>
    graph.requests
      .filter(({ body }) => body.biz_opaque_callback_data === key)
      .map(({ authorization }) => authorization ?? "");
  await until(
    () => keys.every(({ dedupeKey }) => sendersOf(dedupeKey).length > 0),
    // What could not be sent for 21 s comes again by the retry topic, 64 s later.
    { timeoutMs: 150_000 },
  );
  await mortal.stop();
  for (const { dedupeKey } of keys) {
    const by = sendersOf(dedupeKey);
    // Once more only when the killed process had it and could not say so any more.
    const byTheLiving = by.filter((token) => token !== "Bearer first");
    expect(byTheLiving.length).toBeLessThanOrEqual(1);
    expect(by.length - byTheLiving.length).toBeLessThanOrEqual(1);
  }
}, 300_000);
