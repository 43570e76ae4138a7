import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { type SentWebhook, WebhookSender } from "./webhook-sender.js";

interface Received {
  readonly signature: string | undefined;
  readonly body: string;
}

let bot: Server;
let received: Received[];
let answers: number[];
let clock: ManualClock;
let sender: WebhookSender;

beforeEach(async () => {
  received = [];
  answers = [];
  clock = new ManualClock();
  bot = createServer((request, response) => {
    void text(request).then((body) => {
      const signature = request.headers["x-hub-signature-256"]?.toString();
      received.push({ signature, body });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => bot.listen(0, "127.0.0.1", resolve));
  const { port } = bot.address() as AddressInfo;
  sender = new WebhookSender({ appSecret: "secret", clock });
  sender.pointAt(`http://127.0.0.1:${port}/webhook`);
});

afterEach(async () => {
  sender.close();
  await new Promise((resolve) => bot.close(resolve));
});

test("a webhook is signed over its bytes", async () => {
  expect(await sender.deliver({ name: "Émile" }, () => undefined)).toBe(true);
  const [{ signature, body } = { signature: "", body: "" }] = received;
  const digest = createHmac("sha256", "secret").update(body).digest("hex");
  expect(body).toBe('{"name":"Émile"}');
  expect(signature).toBe(`sha256=${digest}`);
});

test("a webhook is sent again, later and later, until it is taken", async () => {
  answers = [503, 500];
  const tries: SentWebhook[] = [];
  const delivered = sender.deliver({}, (sent) => tries.push(sent));
  await until(() => tries.length === 1, { what: "the first try" });
  clock.advance(500);
  await until(() => tries.length === 2, { what: "the second try" });
  clock.advance(1_000);
  expect(await delivered).toBe(true);
  expect(tries.map(({ status }) => status)).toEqual([503, 500, 200]);
  expect(received).toHaveLength(3);
});

test("nothing is tried again once the demo ends", async () => {
  answers = [503];
  const tries: SentWebhook[] = [];
  const delivered = sender.deliver({}, (sent) => tries.push(sent));
  await until(() => tries.length === 1, { what: "the first try" });
  sender.close();
  expect(await delivered).toBe(false);
  expect(received).toHaveLength(1);
});
