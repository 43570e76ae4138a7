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
  type IdempotencyStore,
} from "@easymo/messaging";
import type { Route, RoutingTable } from "@easymo/routing";
import type { Clock, Logger } from "@easymo/service-kit";
import type { BotMetrics } from "../metrics.js";
import { personRef, type People } from "../people.js";
import type { Receipts } from "../receipts/receipts.js";
import {
  inFlight,
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
import { pause } from "./pause.js";
import type { SendRates } from "./rates.js";

export interface SenderDeps {
  readonly bus: Bus;
  readonly graph: GraphClient;
  readonly rates: SendRates;
  readonly people: People;
  readonly agentCore: AgentCoreClient;
  readonly idempotency: IdempotencyStore;
  readonly receipts: Receipts;
  readonly metrics: BotMetrics;
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

/** Longer than a send may take, so that a lease that has ended means that its owner has. */
const LEASE_MS = 60_000;
/** A message is sent once, however late it is published again. */
const REMEMBERED_MS = 90 * 24 * 3_600_000;
const CONFIRM_TRIES = 5;
const CONFIRM_PAUSE_MS = 300;

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
        if (!(error instanceof SendError) || !error.retryable) throw error;
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
    const { optedOut, name } =
      data.purpose === "opt_out_confirmation"
        ? { optedOut: false, name: undefined }
        : await this.#consentOf(event);
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
      const sent = await this.#once(key, {
        fingerprint: data.to,
        send: async () => {
          const to = recipientPhone(data) ?? data.to;
          await this.#deps.rates.wait(phoneNumberId, to, signal);
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
  async #consentOf({
    tenantId,
    requestId,
    data,
  }: Sending): Promise<{ optedOut: boolean; name: string | undefined }> {
    const person = personOf(data);
    if (await this.#deps.people.isStopped(tenantId, person))
      return { optedOut: true, name: undefined };
    const core = this.#deps.agentCore.forTenant(tenantId, { requestId });
    const { phone } = person;
    try {
      const [{ lead }, registry] = await Promise.all([
        core.fetchLead(person),
        phone === undefined ? undefined : core.optOut(phone),
      ]);
      return {
        optedOut: lead?.optedOut === true || registry?.optedOut === true,
        name: lead?.name ?? undefined,
      };
    } catch (cause) {
      const refusal = cause instanceof AgentCoreError && !cause.retryable;
      throw new SendError("registry_unavailable", "consent is not known", {
        retryable: !refusal || cause.status === undefined,
        cause,
      });
    }
  }

  async #once(
    key: string,
    work: { fingerprint: string; send: () => Promise<string> },
  ): Promise<{ messageId: string; isFresh: boolean }> {
    const { idempotency } = this.#deps;
    const claim = await idempotency.claim(key, {
      fingerprint: work.fingerprint,
      leaseMs: LEASE_MS,
    });
    switch (claim.outcome) {
      case "done":
        return { messageId: claim.answer, isFresh: false };
      case "in_flight":
        throw inFlight();
      case "mismatch":
        throw new SendError(
          "dedupe_key_reused",
          "the key belongs to a message to someone else",
          { retryable: false },
        );
      case "claimed":
    }
    let messageId: string;
    try {
      messageId = await this.#renewing(key, claim.token, work.send);
    } catch (error) {
      // What cannot be given back ends with its lease.
      await idempotency.release(key, claim.token).catch(() => undefined);
      throw error;
    }
    await this.#confirm(key, claim.token, messageId);
    return { messageId, isFresh: true };
  }

  /** Runs the send with a claim that is renewed: waiting for the person's rate may take longer than a lease. */
  async #renewing(
    key: string,
    token: string,
    send: () => Promise<string>,
  ): Promise<string> {
    const { idempotency, clock } = this.#deps;
    let timer = clock.setTimeout(renew, LEASE_MS / 3);
    function renew(): void {
      // A store that is away now may be back before the lease ends.
      void idempotency
        .extend(key, token, { leaseMs: LEASE_MS })
        .catch(() => false);
      timer = clock.setTimeout(renew, LEASE_MS / 3);
    }
    try {
      return await send();
    } finally {
      timer.cancel();
    }
  }

  /** Unsaid, the message would be sent again after the lease. */
  async #confirm(key: string, token: string, answer: string): Promise<void> {
    const { idempotency, clock, logger } = this.#deps;
    for (let tries = 1; ; tries++) {
      try {
        await idempotency.confirm(key, token, {
          answer,
          ttlMs: REMEMBERED_MS,
        });
        return;
      } catch (error) {
        if (tries === CONFIRM_TRIES) {
          logger.error({ err: error }, "sent, but not confirmed in the store");
          return;
        }
        await new Promise<void>((resolve) => {
          clock.setTimeout(resolve, CONFIRM_PAUSE_MS);
        });
      }
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

function outcomeOf(error: unknown): Outcome {
  if (error instanceof GraphError && error.verdict === "opted_out")
    return "opted_out";
  if (!(error instanceof SendError) || error.retryable) return "retried";
  return error.code === "window_closed" ? "window_closed" : "refused";
}
