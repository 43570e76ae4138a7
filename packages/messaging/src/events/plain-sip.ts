import { z } from "zod";
import type { sipSchemas } from "./voice.js";

type SipData = z.infer<(typeof sipSchemas)["sip.ringing"]>;

const RFC_3339 = z.core.regexes.datetime({
  precision: null,
  offset: true,
  local: false,
});
/** What is deeper is the schema's. */
const MAX_DEPTH = 16;

/**
 * Whether data is a SIP event's as nearly all are: known at a fraction of what the schema takes for it, thousands of times a
 * second. It takes nothing that the schema does not take, or takes otherwise; of what it does not take, the schema says what
 * is wrong, if anything is.
 */
export function isPlainSipData(data: unknown): data is SipData {
  if (!isPlainObject(data)) return false;
  const { callId, tenantId, at } = data;
  if (callId === undefined || tenantId === undefined || at === undefined)
    return false;
  for (const name of Object.keys(data))
    if (data[name] !== undefined && !isPlainField(name, data[name]))
      return false;
  return true;
}

function isPlainField(name: string, value: unknown): boolean {
  switch (name) {
    case "callId":
    case "from":
    case "to":
      return isText(value, 256);
    case "tenantId":
    case "agent":
      return isText(value, 128);
    case "idempotencyKey":
      return isText(value, 512);
    case "at":
    case "timestamp":
      return typeof value === "string" && RFC_3339.test(value);
    case "payload":
      return isPlainJson(value, 0);
    default:
      return false;
  }
}

function isText(value: unknown, maxCharacters: number): boolean {
  return (
    typeof value === "string" && value !== "" && value.length <= maxCharacters
  );
}

function isPlainJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || (depth < MAX_DEPTH && isPlainTree(value, depth));
    default:
      return false;
  }
}

function isPlainTree(value: object, depth: number): boolean {
  if (Array.isArray(value))
    return value.every((inner) => isPlainJson(inner, depth + 1));
  if (!isPlainObject(value)) return false;
  for (const name of Object.keys(value))
    if (name === "__proto__" || !isPlainJson(value[name], depth + 1))
      return false;
  return true;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}
