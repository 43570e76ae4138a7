import {
  callAnswer,
  collectPaymentAnswer,
  fetchLeadAnswer,
  handoverAnswer,
  handoversAnswer,
  leadsAnswer,
  logLeadAnswer,
  optOutAnswer,
  registerOptOutAnswer,
  warmTransferAnswer,
} from "./shapes.js";
import type {
  Call,
  CollectedPayment,
  CollectPaymentBody,
  CreateCallBody,
  Handover,
  Lead,
  LeadsPage,
  LogLeadBody,
  OptOut,
  OptOutStatus,
  PersonRef,
  RegisterOptOutBody,
  SetDispositionBody,
  TransferTarget,
  WarmTransferBody,
} from "./shapes.js";
import type { TenantTransport } from "./transport.js";

export interface ReadOptions {
  /** Ends the request, and its retries, with the code `aborted`. */
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends ReadOptions {
  /** The same for every repeat of one intention; it makes retries safe. */
  readonly idempotencyKey: string;
}

/** The tools and the registry of one tenant. Every method rejects with `AgentCoreError`. */
export interface ToolsApi {
  /** `null` when nobody is known by that number or id. */
  fetchLead(
    who: PersonRef,
    options?: ReadOptions,
  ): Promise<{ lead: Lead | null }>;
  /** Adds what is known of a person; never forgets what was known before. */
  logLead(body: LogLeadBody, options: WriteOptions): Promise<{ lead: Lead }>;
  /** One page, newest first; `next` is the `after` of the following page, `null` on the last. */
  leads(
    page?: { limit?: number; after?: string },
    options?: ReadOptions,
  ): Promise<LeadsPage>;
  createCall(
    body: CreateCallBody,
    options: WriteOptions,
  ): Promise<{ call: Call }>;
  setDisposition(
    body: SetDispositionBody,
    options: WriteOptions,
  ): Promise<{ call: Call }>;
  registerOptOut(
    body: RegisterOptOutBody,
    options: WriteOptions,
  ): Promise<{ optOut: OptOut }>;
  optOut(phone: string, options?: ReadOptions): Promise<OptOutStatus>;
  collectPayment(
    body: CollectPaymentBody,
    options: WriteOptions,
  ): Promise<CollectedPayment>;
  warmTransfer(
    body: WarmTransferBody,
    options: WriteOptions,
  ): Promise<TransferTarget>;
  handover(
    handoverId: string,
    options?: ReadOptions,
  ): Promise<{ handover: Handover }>;
  /** Those that people have now, newest first. */
  handovers(options?: ReadOptions): Promise<{ handovers: Handover[] }>;
  /** The agent answers again. */
  handBack(
    handoverId: string,
    body: { readonly notes?: string },
    options: WriteOptions,
  ): Promise<{ handover: Handover }>;
}

/** The tools and the registry over one tenant's transport. */
export function toolsApi(transport: TenantTransport): ToolsApi {
  return {
    fetchLead: (body, options) =>
      transport.read(
        { method: "POST", path: "/tools/fetch-lead", body },
        fetchLeadAnswer,
        options,
      ),
    logLead: (body, options) =>
      transport.write("/tools/log-lead", body, logLeadAnswer, options),
    leads: (page = {}, options) =>
      transport.read(
        { method: "GET", path: "/tools/leads", query: page },
        leadsAnswer,
        options,
      ),
    createCall: (body, options) =>
      transport.write("/tools/create-call", body, callAnswer, options),
    setDisposition: (body, options) =>
      transport.write("/tools/set-disposition", body, callAnswer, options),
    registerOptOut: (body, options) =>
      transport.write(
        "/tools/register-opt-out",
        body,
        registerOptOutAnswer,
        options,
      ),
    optOut: (phone, options) =>
      transport.read(
        { method: "GET", path: `/opt-outs/${encodeURIComponent(phone)}` },
        optOutAnswer,
        options,
      ),
    collectPayment: (body, options) =>
      transport.write(
        "/tools/collect-payment",
        body,
        collectPaymentAnswer,
        options,
      ),
    warmTransfer: (body, options) =>
      transport.write(
        "/tools/warm-transfer",
        body,
        warmTransferAnswer,
        options,
      ),
    handover: (handoverId, options) =>
      transport.read(
        { method: "GET", path: handoverPath(handoverId) },
        handoverAnswer,
        options,
      ),
    handovers: (options) =>
      transport.read(
        { method: "GET", path: "/tools/handovers" },
        handoversAnswer,
        options,
      ),
    handBack: (handoverId, body, options) =>
      transport.write(
        `${handoverPath(handoverId)}/hand-back`,
        body,
        handoverAnswer,
        options,
      ),
  };
}

function handoverPath(handoverId: string): string {
  return `/tools/handovers/${encodeURIComponent(handoverId)}`;
}
