import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { SimulatedCall } from "@easymo/carrier-simulator";
import { createVoice, type ManagedVoice } from "@easymo/realtime-simulator";
import type { RoutingTable } from "@easymo/routing";
import type { ServiceApp, ServiceKit } from "@easymo/service-kit";
import type { DemoConfig } from "./config.js";
import { createConsoleHttp } from "./console/console-http.js";
import { isOwnRequest } from "./console/guard.js";
import { Buyers } from "./conversations/buyers.js";
import { DeadLetterDesk } from "./conversations/dead-letter-desk.js";
import { HandoverDesk } from "./conversations/handover-desk.js";
import { EventFeed } from "./events/event-feed.js";
import { EventStreams } from "./events/server-sent-events.js";
import { PeopleDirectory } from "./people/people.js";
import { OutboundCalls } from "./phone/outbound-calls.js";
import { PhoneSockets } from "./phone/phone-sockets.js";
import { SyntheticCaller } from "./phone/synthetic-caller.js";
import { type Platform, startPlatform } from "./platform/platform.js";
import { BusinessMessages } from "./whatsapp/business-messages.js";
import { businessesOf } from "./whatsapp/businesses.js";
import { WhatsAppSockets } from "./whatsapp/telephone-sockets.js";

export interface DemoOptions {
  readonly config: DemoConfig;
  readonly kit: ServiceKit;
  readonly routing: RoutingTable;
  /** How many seconds of telephone line pass in one; 1 unless told. */
  readonly lineSpeed?: number;
}

/** The console and, once started, the whole platform behind it. */
export function createDemo(options: DemoOptions): ServiceApp {
  return new Demo(options);
}

/** What there is between start and close. */
interface Running {
  readonly voice: ManagedVoice;
  readonly platform: Platform;
  readonly feed: EventFeed;
  readonly streams: EventStreams;
  readonly phones: PhoneSockets;
  readonly whatsApps: WhatsAppSockets;
  readonly http: ServiceApp["http"];
}

class Demo implements ServiceApp {
  readonly #options: DemoOptions;
  #running: Running | undefined;

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  http(request: IncomingMessage, response: ServerResponse): void {
    if (!isOwnRequest(request)) {
      response.writeHead(403, { "content-type": "text/plain" });
      response.end("The console answers on this machine's own addresses.\n");
    } else if (this.#running === undefined) {
      response.writeHead(503, { "retry-after": "1" });
      response.end("The platform is starting.\n");
    } else {
      this.#running.http(request, response);
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const sockets = isOwnRequest(request)
      ? this.#socketsAt(request.url)
      : undefined;
    if (sockets === undefined)
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    else sockets.upgrade(request, socket, head);
  }

  #socketsAt(
    path: string | undefined,
  ): PhoneSockets | WhatsAppSockets | undefined {
    if (path === "/phone") return this.#running?.phones;
    if (path === "/whatsapp") return this.#running?.whatsApps;
    return undefined;
  }

  async start(): Promise<void> {
    const { config, kit, routing, lineSpeed = 1 } = this.#options;
    const { clock, logger } = kit;
    const voice = await createVoice({ logger });
    const platform = await startPlatform({
      config,
      routing,
      voice,
      clock,
      lineSpeed,
    });
    const businesses = businessesOf(routing);
    const feed = new EventFeed({ bus: platform.bus });
    await feed.start();
    const streams = new EventStreams(feed, clock);
    const tenants = new Set(routing.channels.map(({ tenant }) => tenant));
    const people = new PeopleDirectory(platform.agentCore, [...tenants]);
    feed.watch((entry) => people.take(entry));
    platform.orchestration.book.watch(() =>
      streams.announce("conversations", {}),
    );
    platform.carrier.on("outboundCall", (call) => announce(call, streams));
    this.#running = {
      voice,
      platform,
      feed,
      streams,
      phones: new PhoneSockets({
        carrier: platform.carrier,
        caller: new SyntheticCaller(voice),
      }),
      whatsApps: new WhatsAppSockets({
        ...platform.whatsApp,
        voice,
        businesses: new Set(businesses.map(({ id }) => id)),
      }),
      http: createConsoleHttp({
        kit,
        routing,
        model: config.OPENAI_API_KEY === undefined ? "offline" : "openai",
        voice: voice.kind,
        streams,
        people,
        calls: new OutboundCalls({
          voiceUrl: platform.voiceUrl,
          token: platform.voiceApiToken,
        }),
        messages: new BusinessMessages(platform.bus, businesses),
        media: platform.whatsApp.media,
        sip: platform.sip,
        book: platform.orchestration.book,
        buyers: new Buyers(platform.agentCore),
        letters: new DeadLetterDesk(
          platform.orchestration.deadLetters,
          platform.bus,
        ),
        desk: new HandoverDesk({
          agentCore: platform.agentCore,
          bus: platform.bus,
          book: platform.orchestration.book,
          clock,
        }),
      }),
    };
  }

  stopTaking(): void {
    this.#running?.streams.close();
    this.#running?.phones.close();
    this.#running?.whatsApps.close();
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    await running.feed.stop();
    await running.platform.close();
    await running.voice.close();
  }
}

/** Every page that is open hears a telephone of the demo ring, and stop. */
function announce(call: SimulatedCall, streams: EventStreams): void {
  const { callSid: callId, from, to } = call;
  call.on("state", (state) =>
    streams.announce(state === "ringing" ? "ringing" : "rung", {
      callId,
      from,
      to,
    }),
  );
}
