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
}

/** The console's page, and what it asks for. */
export function createConsoleHttp(
  options: ConsoleHttpOptions,
): ServiceApp["http"] {
  const { kit, streams, people, calls } = options;
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
      app.post("/api/calls", jsonBody(), async (request, response) => {
        const order = validated(callOrder, request.body, "body");
        const answer = await calls.order(order);
        response.status(answer.status).json(answer);
      });
      servePage(app);
    },
  });
}

function servePage(app: express.Express): void {
  const options = { cacheControl: false };
  app.get("/", (_request, response) => {
    response.sendFile("index.html", { root: pageFolder, ...options });
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
