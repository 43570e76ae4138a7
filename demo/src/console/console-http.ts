import { fileURLToPath } from "node:url";
import { topicNames } from "@easymo/messaging";
import type { RoutingTable } from "@easymo/routing";
import {
  createServiceHttp,
  jsonBody,
  type ServiceApp,
  type ServiceKit,
  validated,
} from "@easymo/service-kit";
import express from "express";
import type { Line, Setup } from "../../console/src/wire.js";
import { businessesOf } from "../whatsapp/businesses.js";
import {
  type BusinessMessages,
  messageOrder,
} from "../whatsapp/business-messages.js";
import type { MediaStore } from "../whatsapp/media.js";
import { type SipDoor, sipLinesOf, sipOrder } from "../sip/sip-door.js";
import {
  type HandoverDesk,
  handoverOrder,
} from "../conversations/handover-desk.js";
import { type Buyers, topUpOrder } from "../conversations/buyers.js";
import type { ConversationBook } from "../conversations/conversation-book.js";
import {
  type DeadLetterDesk,
  letterOrder,
} from "../conversations/dead-letter-desk.js";
import { composePage } from "./page.js";
import type { EventStreams } from "../events/server-sent-events.js";
import type { PeopleDirectory } from "../people/people.js";
import { callOrder, type OutboundCalls } from "../phone/outbound-calls.js";

const pageFolder = fileURLToPath(new URL("../../console/", import.meta.url));

/** Everything comes from here and goes nowhere else. */
const contentPolicy = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface ConsoleHttpOptions {
  readonly kit: ServiceKit;
  readonly routing: RoutingTable;
  readonly model: Setup["model"];
  readonly voice: Setup["voice"];
  readonly streams: EventStreams;
  readonly people: PeopleDirectory;
  readonly calls: OutboundCalls;
  readonly messages: BusinessMessages;
  readonly media: MediaStore;
  readonly sip: SipDoor;
  readonly book: ConversationBook;
  readonly buyers: Buyers;
  readonly letters: DeadLetterDesk;
  readonly desk: HandoverDesk;
}

/** The console's page, and what it asks for. */
export function createConsoleHttp(
  options: ConsoleHttpOptions,
): ServiceApp["http"] {
  const { kit, streams, people } = options;
  const setup = setupOf(options);
  return createServiceHttp({
    kit,
    bodies: "per-route",
    dependencies: {},
    configure(app) {
      app.use((_request, response, next) => {
        response.setHeader("content-security-policy", contentPolicy);
        response.removeHeader("strict-transport-security");
        next();
      });
      app.get("/api/setup", (_request, response) => {
        response.json(setup);
      });
      app.get("/api/events", (request, response) => {
        streams.serve(request, response);
      });
      app.get("/api/people", async (_request, response) => {
        response.json(await people.read());
      });
      takeOrders(app, options);
      showConversations(app, options);
      servePage(app);
    },
  });
}

/** What the page asks to be done. */
function takeOrders(
  app: express.Express,
  { calls, messages, media, sip }: ConsoleHttpOptions,
): void {
  app.post("/api/calls", jsonBody(), async (request, response) => {
    const order = validated(callOrder, request.body, "body");
    const answer = await calls.order(order);
    response.status(answer.status).json(answer);
  });
  app.post("/api/sip/events", jsonBody(), async (request, response) => {
    const order = validated(sipOrder, request.body, "body");
    response.json(await sip.send(order));
  });
  app.post("/api/whatsapp/messages", jsonBody(), async (request, response) => {
    await messages.order(validated(messageOrder, request.body, "body"));
    response.sendStatus(202);
  });
  app.get("/api/whatsapp/media/:id", (request, response, next) => {
    const file = media.find(request.params.id);
    if (file === undefined) next();
    else response.type(file.mimeType).send(file.bytes);
  });
}

function showConversations(
  app: express.Express,
  { book, buyers, letters, desk }: ConsoleHttpOptions,
): void {
  app.get("/api/conversations", (_request, response) => {
    response.json({ conversations: book.read() });
  });
  app.get("/api/buyers/:tenant/:buyerId", async (request, response) => {
    const { tenant, buyerId } = request.params;
    response.json(await buyers.read(tenant, buyerId));
  });
  app.post("/api/handovers", jsonBody(), async (request, response) => {
    await desk.order(validated(handoverOrder, request.body, "body"));
    response.sendStatus(204);
  });
  app.post("/api/wallet", jsonBody(), async (request, response) => {
    await buyers.topUp(validated(topUpOrder, request.body, "body"));
    response.sendStatus(204);
  });
  app.get("/api/dead-letters", async (_request, response) => {
    response.json({ letters: await letters.read() });
  });
  app.post("/api/dead-letters", jsonBody(), async (request, response) => {
    const order = validated(letterOrder, request.body, "body");
    response.json({ answer: await letters.settle(order) });
  });
  app.post("/api/poison", async (_request, response) => {
    await letters.poison();
    response.sendStatus(202);
  });
}

function servePage(app: express.Express): void {
  const options = { cacheControl: false };
  const page = composePage(pageFolder);
  app.get("/", (_request, response) => {
    response.type("html").send(page);
  });
  app.get("/icon.svg", (_request, response) => {
    response.sendFile("icon.svg", { root: pageFolder, ...options });
  });
  app.use(
    "/styles",
    express.static(`${pageFolder}styles`, { ...options, index: false }),
  );
  app.use(
    "/dist",
    express.static(`${pageFolder}dist`, { ...options, index: false }),
  );
}

function setupOf({ routing, model, voice }: ConsoleHttpOptions): Setup {
  return {
    model,
    voice,
    topics: Object.values(topicNames),
    lines: linesOf(routing),
    businesses: businessesOf(routing),
    sipLines: sipLinesOf(routing),
  };
}

/** The numbers that a telephone can dial. */
export function linesOf(routing: RoutingTable): Line[] {
  return routing.channels
    .filter((channel) => channel.kind === "twilio")
    .map(({ address, tenant, agent }) => ({
      address,
      tenant,
      agent,
      languages: routing.findAgent(tenant, agent)?.languages ?? [],
    }));
}
