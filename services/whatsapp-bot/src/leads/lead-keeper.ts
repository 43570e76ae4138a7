import type { AgentCoreClient } from "@easymo/agent-core-client";
import { languageOfText } from "@easymo/intent-rules";
import {
  deriveEventId,
  type EasymoEvent,
  type KeyValueStore,
} from "@easymo/messaging";
import { z } from "zod";
import { personRef } from "../people.js";
import {
  enrichmentOf,
  toldByIntent,
  toldByMessage,
  type Told,
} from "./enrichment.js";

export interface LeadKeeperDeps {
  readonly agentCore: AgentCoreClient;
  readonly keyValue: KeyValueStore;
}

const WRITTEN_TTL_MS = 400 * 24 * 3_600_000;

const writtenShape = z.object({
  name: z.string().optional(),
  language: z.string().optional(),
});

/** Tells agent-core what messages tell of people, without undoing what a person corrected there. */
export class LeadKeeper {
  readonly #deps: LeadKeeperDeps;

  constructor(deps: LeadKeeperDeps) {
    this.#deps = deps;
  }

  async handle(event: EasymoEvent): Promise<void> {
    if (event.type === "message.received") {
      const { data } = event;
      // That is told by Meta, not by the person.
      if (data.kind === "system") return;
      const language =
        data.text === undefined ? undefined : languageOfText(data.text);
      await this.#enrich(event, personRef(data), toldByMessage(data, language));
    }
    if (event.type === "intent.captured" && event.data.userId !== undefined) {
      const { userId, contact, name, language } = event.data;
      const phone = contact === userId ? undefined : contact;
      const person = personRef({ userId, phone });
      await this.#enrich(event, person, toldByIntent(name, language));
    }
  }

  async #enrich(
    { id, tenantId, requestId }: EasymoEvent,
    person: ReturnType<typeof personRef>,
    told: Told,
  ): Promise<void> {
    const { agentCore, keyValue } = this.#deps;
    const core = agentCore.forTenant(tenantId, { requestId });
    const { lead } = await core.fetchLead(person);
    const key = `whatsapp:lead:${tenantId}:${person.phone ?? person.userId ?? ""}`;
    const kept = await keyValue.get(key);
    const written =
      kept === undefined ? {} : writtenShape.parse(JSON.parse(kept));
    const added = enrichmentOf(lead, told, written);
    const body = { ...person, ...added, lastChannel: "whatsapp" };
    const { name, language } = { ...written, ...added };
    // Before the lead has it: should we end in between, our own words must not look like a person's.
    await keyValue.set(key, JSON.stringify({ name, language }), {
      ttlMs: WRITTEN_TTL_MS,
    });
    await core.logLead(body, {
      // The lead may have changed between two attempts, and what is added with it.
      idempotencyKey: deriveEventId("lead", id, JSON.stringify(body)),
    });
  }
}
