import { parseFields } from "./fields.js";
import { numberOf, textOf } from "./fields.js";
import { readPeople, readSetup } from "./read-wire.js";
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
  const response = await fetch("api/calls", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ tenant, agent, from: address, to }),
  });
  const fields = parseFields(await response.text());
  return { status: numberOf(fields, "status"), title: textOf(fields, "title") };
}

async function get(path: string): Promise<string> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  return response.text();
}
