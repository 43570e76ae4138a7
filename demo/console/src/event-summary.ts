import { type Fields, maybeNumber, maybeText } from "./fields.js";
import type { FeedEntry } from "./wire.js";

/** What of an event's data is worth a line, in the order of interest. */
const interesting = [
  "text",
  "status",
  "spoken",
  "name",
  "digit",
  "phrase",
  "reason",
  "ussd",
  "latencyMs",
  "contact",
  "kind",
  "phone",
] as const;

/** Common to every event of a call: worth a line only when nothing else is. */
const common = ["from", "to"] as const;

/** An event's type, whatever kind of record it came in. */
export function typeOf(entry: FeedEntry): string {
  return entry.headers.ce_type ?? "record";
}

/** A line about an event. */
export function summaryOf({ data }: FeedEntry): string {
  const parts = partsOf(data, interesting).slice(0, 2);
  return (parts.length > 0 ? parts : partsOf(data, common)).join(" · ");
}

function partsOf(data: Fields, names: readonly string[]): string[] {
  return names
    .map((name) => partOf(data, name))
    .filter((part) => part !== undefined);
}

function partOf(data: Fields, name: string): string | undefined {
  const number = maybeNumber(data, name);
  if (number !== undefined) return `${Math.round(number)} ms`;
  const text = maybeText(data, name);
  if (text === undefined || text === "") return undefined;
  if (name === "from" || name === "to") return `${name} ${text}`;
  return text;
}

/** Whether an event is of that topic and has every word somewhere in it. */
export function matches(
  entry: FeedEntry,
  topic: string,
  search: string,
): boolean {
  if (topic !== "" && entry.topic !== topic) return false;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const everything = [
    entry.topic,
    entry.key,
    ...Object.values(entry.headers),
    JSON.stringify(entry.data),
  ]
    .join("\n")
    .toLowerCase();
  return words.every((word) => everything.includes(word));
}
