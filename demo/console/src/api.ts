import { flagOf, numberOf, parseFields, textOf } from "./fields.js";
import { readPeople, readSetup } from "./read-wire.js";
import type { SipAnswer, SipOrder } from "./sip/wire.js";
import type { CallMeAnswer, Line, People, Setup } from "./wire.js";

export async function fetchSetup(): Promise<Setup> {
  return readSetup(await get("api/setup"));
}

export async function fetchPeople(): Promise<People> {
  return readPeople(await get("api/people"));
}

/** Asks a line's agent to call that number. */
export async function askForCall(
  line: Line,
  to: string,
): Promise<CallMeAnswer> {
  const { tenant, agent, address } = line;
  const response = await post("api/calls", {
    tenant,
    agent,
    from: address,
    to,
  });
  const fields = parseFields(await response.text());
  return { status: numberOf(fields, "status"), title: textOf(fields, "title") };
}

/** Sends events to sip-ingress; the answer is its own, a refusal included. */
export async function sendSipEvents(order: SipOrder): Promise<SipAnswer> {
  const response = await post("api/sip/events", order);
  const fields = parseFields(await response.text());
  return {
    status: numberOf(fields, "status"),
    replayed: flagOf(fields, "replayed"),
    retryAfter: textOf(fields, "retryAfter"),
    body: textOf(fields, "body"),
  };
}

/** Has a business say something; resolves with 202 once the bus has it. */
export async function sendAsBusiness(order: unknown): Promise<number> {
  const response = await post("api/whatsapp/messages", order);
  return response.status;
}

export function post(path: string, body: unknown): Promise<Response> {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export async function get(path: string): Promise<string> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  return response.text();
}
