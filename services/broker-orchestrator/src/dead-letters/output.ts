import { maskText, redact } from "@easymo/service-kit";
import type { DeadLetter } from "./dead-letter.js";
import type { OpenedLetter, Settled } from "./dead-letters.js";

/** What the command prints. Numbers and words of people are masked, also in keys and errors. */

const MAX_REASON_CHARACTERS = 60;

/** A dead letter as JSON: without its value, masked. Pure. */
export function letterJson(letter: DeadLetter) {
  const { failedAtMs, headers: _headers, key, error, ...rest } = letter;
  return {
    ...rest,
    failedAt: new Date(failedAtMs).toISOString(),
    key: maskText(key),
    error: maskText(error),
  };
}

/** The open ones as a table. Pure. */
export function letterTable(letters: readonly DeadLetter[]): string {
  return table(
    [
      "ID",
      "GIVEN UP",
      "TOPIC",
      "TYPE",
      "EVENT",
      "TENANT",
      "GROUP",
      "TRIES",
      "REASON",
    ],
    letters.map((letter) => [
      letter.id,
      new Date(letter.failedAtMs).toISOString().slice(0, 19).replace("T", " "),
      letter.originTopic ?? "?",
      letter.eventType ?? "?",
      maskText(letter.eventId ?? "?"),
      letter.tenantId ?? "?",
      letter.group ?? "?",
      String(letter.attempts),
      short(maskText(letter.error) || letter.reason),
    ]),
  );
}

/** One with its headers and its value, as JSON. Pure. */
export function openedJson({ letter, value }: OpenedLetter, reveal: boolean) {
  const { headers, key, error } = letter;
  return {
    ...letterJson(letter),
    ...(reveal ? { key, error } : {}),
    headers: reveal ? headers : redact(headers),
    value: valueOf(value, reveal),
  };
}

/** One for people. Pure. */
export function openedText(opened: OpenedLetter, reveal: boolean): string {
  const { headers, value, ...fields } = openedJson(opened, reveal);
  const lines = Object.entries(fields).map(
    ([name, field]) => `${name.padEnd(12)} ${String(field ?? "")}`,
  );
  return [
    ...lines,
    "headers",
    ...Object.entries(headers ?? {}).map(
      ([name, text]) => `  ${name}: ${String(text)}`,
    ),
    reveal ? "value" : "value (masked; --reveal shows it)",
    typeof value === "string" ? value : JSON.stringify(value, undefined, 2),
    "",
  ].join("\n");
}

/** What became of each. Pure. */
export function settledJson({ letter, outcome }: Settled) {
  const { kind, ...details } = outcome;
  return { id: letter.id, outcome: kind, ...details };
}

export function settledTable(settled: readonly Settled[]): string {
  return table(
    ["ID", "TYPE", "OUTCOME"],
    settled.map(({ letter, outcome }) => [
      letter.id,
      letter.eventType ?? "?",
      outcome.kind === "replayed"
        ? `replayed on ${outcome.topic}`
        : outcome.kind === "refused"
          ? `refused: ${outcome.reason}`
          : outcome.kind,
    ]),
  );
}

/** The value as JSON where it is any. What is none may hold anything, so that masking could not be relied on. */
function valueOf(value: Buffer, reveal: boolean): unknown {
  const text = value.toString("utf8");
  try {
    const json: unknown = JSON.parse(text);
    return reveal ? json : redact(json);
  } catch {
    return reveal ? text : `${value.length} bytes that are not JSON`;
  }
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const printable = [head, ...rows].map((row) =>
    // A header may hold anything, also what steers a terminal.
    row.map((cell) => cell.replace(/\p{C}/gu, "·")),
  );
  const widths = head.map((_, at) =>
    Math.max(...printable.map((row) => row[at]?.length ?? 0)),
  );
  return printable
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

function short(text: string): string {
  return text.length <= MAX_REASON_CHARACTERS
    ? text
    : `${text.slice(0, MAX_REASON_CHARACTERS - 1)}…`;
}
