/**
 * The `code` of a thrown value, as Node's own errors have one. They may be of
 * another realm (a worker, a test's sandbox), where `instanceof Error` is false.
 */
export function codeOf(error: unknown): string | undefined {
  return textOf(error, "code");
}

/** What a thrown value says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return textOf(error, "message") ?? String(error);
}

function textOf(error: unknown, key: "code" | "message"): string | undefined {
  if (typeof error !== "object" || error === null) {
    return undefined;
  }
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" ? value : undefined;
}
