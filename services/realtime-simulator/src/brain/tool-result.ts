/** What came back from a tool, as far as it can be read. */
export type ToolResult =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string };

/** Reads a function call's output: JSON by convention, or a plain sentence. */
export function readToolResult(output: string): ToolResult {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return /\b(?:error|fail(?:ed|ure)?|timed? ?out)\b/i.test(output)
      ? { ok: false, reason: output.slice(0, 200) }
      : { ok: true, value: { text: output } };
  }
  if (!isRecord(value)) {
    return { ok: true, value: {} };
  }
  return hasFailed(value)
    ? { ok: false, reason: reasonOf(value) }
    : { ok: true, value };
}

/** The text under the first of the names that has one. */
export function textAt(
  value: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): string | undefined {
  for (const name of names) {
    const found = value[name];
    if (typeof found === "string" && found !== "") {
      return found;
    }
  }
  return undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasFailed(value: Readonly<Record<string, unknown>>): boolean {
  const { error, ok, success, status } = value;
  return (
    (error !== undefined && error !== null && error !== false) ||
    ok === false ||
    success === false ||
    status === "error" ||
    status === "failed" ||
    (typeof status === "number" && status >= 400)
  );
}

function reasonOf(value: Readonly<Record<string, unknown>>): string {
  const { error } = value;
  if (typeof error === "string") {
    return textAt(value, "message", "detail") ?? error;
  }
  const inner = isRecord(error) ? error : value;
  return textAt(inner, "message", "detail", "title", "code") ?? "";
}
