import type {
  AgentCoreClient,
  TenantAgentCore,
} from "@easymo/agent-core-client";
import {
  deriveEventId,
  type Bus,
  type EasymoEvent,
  type EventDataByType,
  type EventEnvelope,
  type KeyValueStore,
} from "@easymo/messaging";
import type { RoutingTable } from "@easymo/routing";
import type { Clock } from "@easymo/service-kit";
import type { BotMetrics } from "../metrics.js";
import { personRef, type People } from "../people.js";
import { confirmationOf } from "./confirmations.js";

export interface ConsentKeeperDeps {
  readonly bus: Bus;
  readonly agentCore: AgentCoreClient;
  readonly people: People;
  readonly keyValue: KeyValueStore;
  readonly metrics: BotMetrics;
  readonly clock: Clock;
  routing(): RoutingTable;
}

type Said = EventEnvelope<"message.opt_out"> | EventEnvelope<"message.opt_in">;

const STATE_TTL_MS = 400 * 24 * 3_600_000;
const TEN_MINUTES_MS = 600_000;

/** For as long as a week: what a person said about consent is not given up because agent-core is away. */
export const consentRetryDelaysMs: readonly number[] = [
  ...[1, 2, 4, 8, 15, 30, 60, 120, 300].map((seconds) => seconds * 1_000),
  ...Array.from({ length: 1_000 }, () => TEN_MINUTES_MS),
];

/**
 * Brings opt-outs and opt-ins into agent-core's registry, and only then tells the person, once. It works from the events
 * in Kafka, so that nothing is forgotten by a process that ends.
 */
export class ConsentKeeper {
  readonly #deps: ConsentKeeperDeps;

  constructor(deps: ConsentKeeperDeps) {
    this.#deps = deps;
  }

  async handle(event: EasymoEvent): Promise<void> {
    if (event.type === "message.opt_out") await this.#optOut(event);
    if (event.type === "message.opt_in") await this.#optIn(event);
    if (event.type === "message.received") await this.#carryOver(event);
  }

  async #optOut(event: EventEnvelope<"message.opt_out">): Promise<void> {
    const { data, tenantId, id } = event;
    const core = this.#core(event);
    const person = personRef(data);
    // Whom the registry is asked about later may be named by the other of number and id: the lead links both.
    await core.logLead(person, {
      idempotencyKey: deriveEventId("opt-out-lead", id),
    });
    const reason = [data.via, data.phrase]
      .filter((part) => part !== undefined)
      .join(": ")
      .slice(0, 500);
    const { optOut } = await core.registerOptOut(
      { ...person, channel: "whatsapp", reason },
      { idempotencyKey: deriveEventId("opt-out", id) },
    );
    await this.#setState(event, `opt_out:${id}`);
    await this.#deps.people.forgetStopped(tenantId, person);
    this.#deps.metrics.optOuts.inc({ channel: "whatsapp" });
    // The registry keeps the time of the first: a person who says it again has been told already.
    await this.#confirm("opt_out", event, optOut.at);
  }

  async #optIn(event: EventEnvelope<"message.opt_in">): Promise<void> {
    const { data, tenantId, id } = event;
    const person = personRef(data);
    const state = await this.#deps.keyValue.get(stateKey(event));
    await this.#core(event).logLead(
      { ...person, optIn: true },
      { idempotencyKey: deriveEventId("opt-in", id) },
    );
    await this.#deps.people.forgetStopped(tenantId, person);
    const isRepeat = state?.startsWith("opt_in:") === true;
    if (isRepeat && state !== `opt_in:${id}`) return;
    await this.#confirm("opt_in", event, id);
    await this.#setState(event, `opt_in:${id}`);
  }

  /**
   * Someone has another number or user id from now on: what they said about being written to goes with them, and so does
   * what is known of them. The two are no joined lead, for an old number may become someone else's.
   */
  async #carryOver(event: EventEnvelope<"message.received">): Promise<void> {
    const { data, id } = event;
    const next = nextPersonOf(data);
    if (next === undefined) return;
    const core = this.#core(event);
    const [{ lead: before }, { lead: known }] = await Promise.all([
      core.fetchLead(personRef(data)),
      core.fetchLead(next),
    ]);
    if (before === null) return;
    const { name, language, source, tags } = before;
    await core.logLead(
      {
        ...next,
        tags,
        ...((known?.name ?? null) === null && name !== null ? { name } : {}),
        ...((known?.language ?? null) === null && language !== null
          ? { language }
          : {}),
        ...(source === null ? {} : { source }),
      },
      { idempotencyKey: deriveEventId("moved-lead", id) },
    );
    if (before.optedOut)
      await core.registerOptOut(
        { ...next, channel: "whatsapp", reason: "opted out before moving" },
        { idempotencyKey: deriveEventId("moved-opt-out", id) },
      );
  }

  async #confirm(
    change: "opt_out" | "opt_in",
    { data, tenantId, requestId }: Said,
    since: string,
  ): Promise<void> {
    const { agent, language } = data;
    const spoken =
      agent === undefined
        ? undefined
        : this.#deps.routing().findAgent(tenantId, agent)?.languages[0];
    await this.#deps.bus.publishEvent(
      "whatsapp.outbound",
      confirmationOf(change, data, {
        requestId,
        language: language ?? spoken ?? "en",
        since,
        at: new Date(this.#deps.clock.now()).toISOString(),
      }),
    );
  }

  #core({ tenantId, requestId }: EasymoEvent): TenantAgentCore {
    return this.#deps.agentCore.forTenant(tenantId, { requestId });
  }

  #setState(event: Said, state: string): Promise<void> {
    return this.#deps.keyValue.set(stateKey(event), state, {
      ttlMs: STATE_TTL_MS,
    });
  }
}

/** Whom a message of the system says that its person has become; undefined when they stay who they are. Pure. */
export function nextPersonOf({
  kind,
  phone,
  userId,
  system,
}: Pick<
  EventDataByType["message.received"],
  "kind" | "phone" | "userId" | "system"
>): ReturnType<typeof personRef> | undefined {
  if (kind !== "system" || system === undefined) return undefined;
  const { newPhone, newUserId } = system;
  const named = newUserId ?? newPhone;
  if (named === undefined) return undefined;
  const isSame =
    (newPhone === undefined || newPhone === phone) &&
    (newUserId === undefined || newUserId === userId);
  return isSame ? undefined : personRef({ userId: named, phone: newPhone });
}

function stateKey({ tenantId, data }: Said): string {
  return `whatsapp:consent:${tenantId}:${data.phone ?? data.userId}`;
}
