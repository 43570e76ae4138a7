import type { Exchange, Standing } from "./conversation.js";
import { phrases, spellCode } from "./phrases.js";
import {
  isRecord,
  readToolResult,
  textAt,
  type ToolResult,
} from "./tool-result.js";
import type { Language } from "./types.js";

type Output = Readonly<Record<string, unknown>>;

/** What is told about the person, not to them. */
const SILENT = new Set(["fetch_lead", "log_lead"]);

/** What the caller is told once the tools have answered: what they answered, and nothing better. */
export function replyToTools(standing: Standing): string {
  const told = standing.exchanges.filter(
    (exchange) => exchange.output !== undefined && !SILENT.has(exchange.name),
  );
  const exchange = told.at(-1) ?? standing.exchanges.at(-1);
  if (!exchange) {
    return phrases.done[standing.language]();
  }
  const result = readToolResult(exchange.output ?? "");
  return result.ok
    ? success(exchange, result.value, standing)
    : failure(exchange, result, standing.language);
}

function failure(
  exchange: Exchange,
  result: Extract<ToolResult, { ok: false }>,
  language: Language,
): string {
  return exchange.name === "set_disposition"
    ? phrases.goodbye[language]()
    : phrases.failed[language](result.reason);
}

function success(
  exchange: Exchange,
  value: Output,
  standing: Standing,
): string {
  const { language } = standing;
  switch (exchange.name) {
    case "capture_intent":
      return captured(value, standing);
    case "collect_payment":
      return payment(value, language);
    case "warm_transfer":
      return phrases.transferring[language]();
    case "register_opt_out":
      return phrases.optedOut[language]();
    case "set_disposition":
      return phrases.goodbye[language]();
    default:
      return textAt(value, "say", "spoken", "text") ?? phrases.done[language]();
  }
}

/** What is to be said word for word, then a code to dial, a link, and how it is done by hand. */
function payment(value: Output, language: Language): string {
  const wording = textAt(value, "say", "spoken");
  if (wording !== undefined) {
    return wording;
  }
  const code = textAt(value, "ussd", "ussdCode");
  if (code !== undefined) {
    return phrases.dial[language](spellCode(code, language));
  }
  if (textAt(value, "url", "link") !== undefined) {
    return phrases.link[language]();
  }
  return textAt(value, "instructions") ?? phrases.paymentNoted[language]();
}

function captured(value: Output, standing: Standing): string {
  const { language, intent } = standing;
  if (intent.name !== "find_part" || intent.item === undefined) {
    return phrases.price[language]();
  }
  const offers = Array.isArray(value.candidates) ? value.candidates : [];
  const best: unknown = offers[0];
  const name = isRecord(best) ? textAt(best, "name") : undefined;
  if (!isRecord(best) || name === undefined) {
    return phrases.noted[language](intent.item, intent.place);
  }
  const price =
    typeof best.price === "number"
      ? `${best.price} ${textAt(best, "currency") ?? ""}`.trim()
      : undefined;
  return phrases.offer[language](name, price);
}
