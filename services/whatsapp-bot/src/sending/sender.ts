import {
  AgentCoreError,
  type AgentCoreClient,
} from "@easymo/agent-core-client";
import {
  createEvent,
  deriveEventId,
  type Bus,
  type EventDataByType,
  type EventEnvelope,
} from "@easymo/messaging";
import type { ChannelTraffic, Route, RoutingTable } from "@easymo/routing";
import type { Clock, Logger } from "@easymo/service-kit";
import { standingOf, type Standing } from "../consent/standing.js";
import type { BotMetrics } from "../metrics.js";
import { personRef, type People } from "../people.js";
import type { Receipts } from "../receipts/receipts.js";
import {
  SendError,
  templateUnfilled,
  unknownChannel,
  windowClosed,
} from "./errors.js";
import { GraphError, type GraphClient } from "./graph-client.js";
import {
  fallbackMessage,
  graphMessages,
  recipientPhone,
} from "./graph-messages.js";
import { inPlaceDelaysMs } from "./graph-verdict.js";
import { permissionFor } from "./permission.js";
import type { SendOnce } from "./once.js";
import { pause } from "./pause.js";
import type { SendRates } from "./rates.js";

export interface SenderDeps {
  readonly bus: Bus;
  readonly graph: GraphClient;
  readonly rates: SendRates;
  readonly people: People;
  readonly agentCore: AgentCoreClient;
  readonly once: SendOnce;
  readonly receipts: Receipts;
  readonly metrics: BotMetrics;
  readonly traffic: Pick<ChannelTraffic, "seen">;
  readonly clock: Clock;
  readonly logger: Logger;
  routing(): RoutingTable;
}

type Sending = EventEnvelope<"message.send">;
type Data = EventDataByType["message.send"];
type Outcome =
  | "sent"
  | "template"
  | "duplicate"
  | "opted_out"
  | "unconfirmed"
  | "window_closed"
  | "refused"
  | "retried";

/**
 * Sends what `whatsapp.outbound` says, once per `dedupeKey`: claimed, sent, confirmed. A process that ends between Meta's
 * acceptance and the confirmation leaves a claim that runs out, after which the message is sent again: Meta's API has no
 * key of its own that would prevent it.
 */
export class Sender {
  readonly #deps: SenderDeps;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  /**
   * Sends it, tried again here for a while before it leaves its place for the retry topic: what is said to one person next
   * waits for it meanwhile, so that they hear it in order. Rejects with an error whose `retryable` says where the record
   * goes.
   */
  async handle(
    event: Sending,
    { attempt, signal }: { attempt: number; signal: AbortSignal },
  ): Promise<void> {
    for (const delayMs of attempt === 1 ? inPlaceDelaysMs : []) {
      try {
        await this.#attempt(event, signal);
        return;
      } catch (error) {
        if (isPermanent(error)) throw error;
      }
      await pause(this.#deps.clock, delayMs, signal);
    }
    await this.#attempt(event, signal);
  }

  async #attempt(event: Sending, signal: AbortSignal): Promise<void> {
    let outcome: Outcome = "retried";
    try {
      outcome = await this.#send(event, signal);
    } catch (error) {
      outcome = outcomeOf(error);
      if (error instanceof GraphError && error.verdict === "opted_out")
        await this.#toldStop(event);
      else throw error;
    } finally {
      this.#deps.metrics.sends.inc({ outcome });
    }
  }

  async #send(event: Sending, signal: AbortSignal): Promise<Outcome> {
    const { data, tenantId } = event;
    const route = this.#routeOf(tenantId, data);
    const phoneNumberId = route.channel.address;
    const template = route.agent.whatsapp?.template;
    const person = personOf(data);
    const { optedOut, name } = await this.#standingOf(event);
    const permission = permissionFor({
      purpose: data.purpose,
      kind: data.kind,
      optedOut,
      windowOpen: await this.#deps.people.isWindowOpen(
        phoneNumberId,
        person,
        this.#deps.clock.now(),
      ),
      hasTemplate: template !== undefined,
    });
    if (permission.step === "drop") return permission.outcome;
    if (permission.step === "refuse") throw windowClosed();
    const asTemplate =
      permission.step === "send_template" && template !== undefined
        ? fallbackMessage(data, template, name)
        : undefined;
    if (permission.step === "send_template" && asTemplate === undefined)
      throw templateUnfilled();
    const messages =
      asTemplate === undefined ? graphMessages(data) : [asTemplate];
    if (data.inReplyTo !== undefined)
      await this.#deps.receipts.beforeAnswer(phoneNumberId, data.inReplyTo);
    let fresh = 0;
    for (const [part, message] of messages.entries()) {
      // Each part is sent once: a process that ends between two of them leaves the rest to whoever goes on.
      const key = `whatsapp:send:${tenantId}:${part}:${data.dedupeKey}`;
      const sent = await this.#deps.once.run(key, {
        fingerprint: data.to,
        signal,
        send: async () => {
          const to = recipientPhone(data) ?? data.to;
          await this.#deps.rates.wait(phoneNumberId, to, signal);
          this.#deps.traffic.seen(route.channel);
          return this.#deps.graph.send(phoneNumberId, message);
        },
      });
      if (sent.isFresh) fresh += 1;
      await this.#publishAccepted(event, sent.messageId, part);
    }
    if (fresh === 0) return "duplicate";
    return asTemplate === undefined ? "sent" : "template";
  }

  #routeOf(tenantId: string, data: Data): Route {
    const routing = this.#deps.routing();
    const address =
      data.phoneNumberId ??
      (data.agent === undefined
        ? undefined
        : routing.outboundAddress(tenantId, data.agent, "whatsapp")?.address) ??
      routing.channels.find(
        ({ kind, tenant }) => kind === "whatsapp" && tenant === tenantId,
      )?.address;
    const route =
      address === undefined ? undefined : routing.find("whatsapp", address);
    if (route?.tenantId !== tenantId) throw unknownChannel();
    return route;
  }

  /** Rejects when the registry cannot be asked: then nothing is sent. */
  async #standingOf(event: Sending): Promise<Standing> {
    // It is sent because of it.
    if (event.data.purpose === "opt_out_confirmation")
      return { optedOut: false, name: undefined };
    try {
      return await standingOf(event, personOf(event.data), this.#deps);
    } catch (cause) {
      if (!(cause instanceof AgentCoreError)) throw cause;
      throw new SendError("registry_unavailable", "consent is not known", {
        retryable: cause.retryable || cause.status === undefined,
        cause,
      });
    }
  }

  async #publishAccepted(
    { tenantId, requestId, data }: Sending,
    messageId: string,
    part: number,
  ): Promise<void> {
    await this.#deps.bus.publishEvent(
      "whatsapp.inbound",
      createEvent("message.status", {
        tenantId,
        requestId,
        source: SOURCE,
        subject: messageId,
        id: deriveEventId("accepted", tenantId, data.dedupeKey, String(part)),
        data: {
          ...this.#about(data),
          messageId,
          status: "accepted",
          dedupeKey: data.dedupeKey,
        },
      }),
    );
  }

  /** Meta says that the person wants nothing: the same as if they had told us. */
  async #toldStop({ tenantId, requestId, data }: Sending): Promise<void> {
    await this.#deps.people.stopped(tenantId, personOf(data));
    await this.#deps.bus.publishEvent(
      "whatsapp.inbound",
      createEvent("message.opt_out", {
        tenantId,
        requestId,
        source: SOURCE,
        id: deriveEventId("stopped", tenantId, data.dedupeKey),
        data: { ...this.#about(data), via: "send_error" },
      }),
    );
  }

  #about(data: Data) {
    const phone = recipientPhone(data);
    return {
      tenantId: data.tenantId,
      userId: data.userId ?? phone ?? data.to,
      to: this.#routeOf(data.tenantId, data).channel.address,
      at: new Date(this.#deps.clock.now()).toISOString(),
      ...(phone === undefined ? {} : { phone }),
      ...(data.agent === undefined ? {} : { agent: data.agent }),
    };
  }
}

const SOURCE = "/whatsapp-bot/sending";

/** Everything that the recipient is known by. */
function personOf(data: Data): ReturnType<typeof personRef> {
  const phone = recipientPhone(data);
  return personRef({ userId: data.userId ?? phone ?? data.to, phone });
}

function isPermanent(error: unknown): boolean {
  return (
    error instanceof Error && "retryable" in error && error.retryable === false
  );
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof GraphError && error.verdict === "opted_out")
    return "opted_out";
  if (!(error instanceof SendError) || error.retryable) return "retried";
  return error.code === "window_closed" ? "window_closed" : "refused";
}
