import type { ToolsApi } from "@easymo/agent-core-client";
import type { ToolName } from "@easymo/routing";
import type { z } from "zod";
import type { CallEvents } from "../call/call-events.js";
import type { CallIdentity } from "../call/call-state.js";
import { isLanguage, type Language } from "../call/language.js";
import type { ToolOutcome } from "../call/tool-calls.js";
import { paymentWording } from "../payment/wording.js";
import { e164 } from "../registry/call-identity.js";
import { toolArguments } from "./definitions.js";
import { failure, output, withheld } from "./outcomes.js";

/** What a tool works with. */
export interface ToolContext {
  readonly identity: CallIdentity;
  readonly language: Language;
  readonly events: CallEvents;
  readonly core: ToolsApi;
  readonly options: { idempotencyKey: string; signal: AbortSignal };
}

type Arguments<T extends ToolName> = z.infer<(typeof toolArguments)[T]>;

/**
 * Does what the model asked for. Rejects with a ZodError for arguments that
 * are wrong, and with what agent-core's client rejects with.
 */
export function performTool(
  context: ToolContext,
  name: ToolName,
  json: unknown,
): Promise<ToolOutcome> {
  switch (name) {
    case "fetch_lead":
      return fetchLead(context);
    case "log_lead":
      return logLead(context, toolArguments.log_lead.parse(json));
    case "capture_intent":
      return captureIntent(context, toolArguments.capture_intent.parse(json));
    case "collect_payment":
      return collectPayment(context, toolArguments.collect_payment.parse(json));
    case "set_disposition":
      return setDisposition(context, toolArguments.set_disposition.parse(json));
    case "warm_transfer":
      return warmTransfer(context, toolArguments.warm_transfer.parse(json));
    case "register_opt_out":
      return registerOptOut(toolArguments.register_opt_out.parse(json));
  }
}

async function fetchLead({
  core,
  identity,
  options,
}: ToolContext): Promise<ToolOutcome> {
  if (identity.person === undefined) return withheld();
  const { lead } = await core.fetchLead(
    { phone: identity.person },
    { signal: options.signal },
  );
  return output(
    lead === null
      ? { lead: null }
      : {
          lead: {
            name: lead.name,
            language: lead.language,
            tags: lead.tags,
            optedOut: lead.optedOut,
          },
        },
  );
}

async function logLead(
  { core, identity, options }: ToolContext,
  args: Arguments<"log_lead">,
): Promise<ToolOutcome> {
  if (identity.person === undefined) return withheld();
  const { name, language, tags } = args;
  const { lead } = await core.logLead(
    {
      phone: identity.person,
      source: "voice",
      ...(name === undefined ? {} : { name }),
      ...(isLanguage(language) ? { language } : {}),
      ...(tags === undefined ? {} : { tags }),
    },
    options,
  );
  return output({ lead: { name: lead.name, tags: lead.tags } });
}

function captureIntent(
  { events, identity, language, options }: ToolContext,
  args: Arguments<"capture_intent">,
): Promise<ToolOutcome> {
  const intentId = options.idempotencyKey;
  events.intentCaptured(identity, {
    intentId,
    name: args.name,
    confidence: args.confidence,
    slots: args.slots,
    language: args.language ?? language,
  });
  return Promise.resolve(output({ captured: true, intentId }));
}

async function collectPayment(
  { core, identity, language, options }: ToolContext,
  args: Arguments<"collect_payment">,
): Promise<ToolOutcome> {
  const { region, currency, merchant } = identity.agent.payment;
  const spokenIn = isLanguage(args.language) ? args.language : language;
  const payment = await core.collectPayment(
    {
      callId: identity.callId,
      ...(identity.person === undefined ? {} : { phone: identity.person }),
      region,
      amount: args.amount,
      currency,
      ...(merchant === undefined ? {} : { merchant }),
    },
    options,
  );
  const { paymentId, method, ussd, url, instructions } = payment;
  return {
    kind: "payment",
    output: JSON.stringify({
      paymentId,
      method,
      note: "The caller is being told how to pay. Don't repeat the code.",
    }),
    prompt: {
      paymentId,
      method,
      region,
      amount: args.amount,
      currency,
      ussd,
      url,
      language: spokenIn,
      spoken: paymentWording(
        { method, amount: args.amount, currency, ussd, instructions },
        spokenIn,
      ),
      attempts: 0,
      told: false,
    },
  };
}

async function setDisposition(
  { core, identity, options }: ToolContext,
  args: Arguments<"set_disposition">,
): Promise<ToolOutcome> {
  const { code, notes } = args;
  await core.setDisposition(
    {
      callId: identity.callId,
      code,
      ...(notes === undefined ? {} : { notes }),
    },
    options,
  );
  return output({ noted: code });
}

async function warmTransfer(
  { core, identity, options }: ToolContext,
  args: Arguments<"warm_transfer">,
): Promise<ToolOutcome> {
  const { transfer } = identity.agent;
  const reason = args.reason ?? "the caller asked for a person";
  if (transfer === undefined)
    return failure("no_transfer", "There is nobody to hand the caller to.");
  const target = await core
    .warmTransfer({ callId: identity.callId, queue: transfer.queue }, options)
    .catch(() => transfer);
  return {
    kind: "transfer",
    output: JSON.stringify({ transferring: true, queue: target.queue }),
    // The routing document's own number, when agent-core knows none.
    to: e164(target.to) ?? transfer.to,
    queue: target.queue,
    reason,
  };
}

function registerOptOut(
  args: Arguments<"register_opt_out">,
): Promise<ToolOutcome> {
  return Promise.resolve({
    kind: "opt_out",
    output: JSON.stringify({ optedOut: true }),
    phrase: args.reason ?? "register_opt_out",
    ...(args.language === undefined ? {} : { language: args.language }),
  });
}
