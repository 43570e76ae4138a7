import { type Standing, wasCalled } from "./conversation.js";
import type { Intent } from "./intents.js";
import { fitArguments, type Knowledge } from "./tool-arguments.js";
import { isRecord, readToolResult } from "./tool-result.js";
import type { Situation, ToolCall } from "./types.js";

/** The tools that serve a wish, in the order in which they are called. */
const PLANS: Readonly<Record<Intent["name"], readonly string[]>> = {
  find_part: ["capture_intent", "fetch_lead", "log_lead"],
  ask_price: ["capture_intent"],
  pay: ["collect_payment"],
  human: ["warm_transfer"],
  opt_out: ["register_opt_out"],
  goodbye: ["set_disposition"],
  greeting: [],
  repeat: [],
  unknown: [],
};
/** What is asked about a person is asked once a conversation. */
const ONCE = new Set(["fetch_lead", "log_lead"]);

/** The next tool to call for what the caller wants, if one is left that is offered and whose arguments are known. */
export function nextCall(
  situation: Situation,
  standing: Standing,
): ToolCall | undefined {
  const { toolChoice } = situation;
  if (toolChoice === "none") {
    return undefined;
  }
  if (typeof toolChoice === "object") {
    return standing.exchanges.length > 0
      ? undefined
      : callOf(situation, standing, toolChoice.name);
  }
  const planned = isIncomplete(standing.intent)
    ? undefined
    : plannedCall(situation, standing);
  if (planned || toolChoice === "auto" || standing.exchanges.length > 0) {
    return planned;
  }
  return situation.tools
    .map((tool) => callOf(situation, standing, tool.name))
    .find((call) => call !== undefined);
}

function plannedCall(
  situation: Situation,
  standing: Standing,
): ToolCall | undefined {
  for (const name of PLANS[standing.intent.name]) {
    const done =
      standing.exchanges.some((exchange) => exchange.name === name) ||
      (ONCE.has(name) && wasCalled(situation.history, name)) ||
      (name === "log_lead" && isKnownLead(standing));
    const call = done ? undefined : callOf(situation, standing, name);
    if (call) {
      return call;
    }
  }
  return undefined;
}

/** A wish that lacks what makes it one is asked about first. */
function isIncomplete(intent: Intent): boolean {
  switch (intent.name) {
    case "find_part":
      return intent.item === undefined;
    case "pay":
      return intent.amount === undefined;
    default:
      return false;
  }
}

function isKnownLead(standing: Standing): boolean {
  const fetched = standing.exchanges.find(
    (exchange) => exchange.name === "fetch_lead",
  );
  const result = readToolResult(fetched?.output ?? "");
  return result.ok && isRecord(result.value.lead);
}

function callOf(
  situation: Situation,
  standing: Standing,
  name: string,
): ToolCall | undefined {
  const tool = situation.tools.find((offered) => offered.name === name);
  const known = knowledge(situation, standing);
  // To any other tool, a name is a person's.
  const { name: _intentName, ...impersonal } = known;
  const fitting = name === "capture_intent" ? known : impersonal;
  const fitted = tool && fitArguments(tool, fitting);
  return fitted && { name, arguments: fitted };
}

/** Everything that the words and the instructions say, by the names that tools give such things. */
function knowledge(situation: Situation, standing: Standing): Knowledge {
  const { intent, language, heard } = standing;
  const words = heard?.kind === "caller" ? heard.text : "";
  const queue = /\bqueue\W+(?:is\W+)?([\w-]+)/i.exec(situation.instructions);
  const common: Knowledge = {
    language,
    reason: words,
    notes: words,
    summary: words,
    phrase: words,
    text: words,
    source: { anyOf: ["voice", "call", "phone"] },
    channel: { anyOf: ["voice", "phone", "call"] },
    queue: { anyOf: [...(queue?.[1] ? [queue[1]] : []), "default"] },
  };
  switch (intent.name) {
    case "find_part":
    case "ask_price": {
      const slots = {
        ...(intent.item === undefined ? {} : { item: intent.item }),
        ...(intent.place === undefined ? {} : { place: intent.place }),
      };
      return {
        ...common,
        ...slots,
        name: intent.name,
        intent: intent.name,
        confidence: intent.item === undefined ? 0.6 : 0.9,
        slots,
        tags: intent.item === undefined ? [] : [intent.item],
      };
    }
    case "pay":
      return { ...common, ...paymentKnowledge(situation, intent) };
    case "goodbye":
      return {
        ...common,
        code: { anyOf: ["completed", "resolved", "done", "answered"] },
      };
    case "human":
    case "opt_out":
    case "greeting":
    case "repeat":
    case "unknown":
      return { ...common, name: intent.name, confidence: 0.9, slots: {} };
  }
}

function paymentKnowledge(
  situation: Situation,
  intent: Extract<Intent, { name: "pay" }>,
): Knowledge {
  if (!intent.amount) {
    return {};
  }
  const stated = /\b(RWF|EUR|USD|KES)\b/.exec(situation.instructions)?.[1];
  return {
    amount: intent.amount.value,
    currency: intent.amount.currency ?? stated ?? "RWF",
  };
}
