const TRACEPARENT =
  /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The value when it is a well-formed W3C `traceparent`, else undefined. */
export function parseTraceparent(value: unknown): string | undefined {
  return typeof value === "string" && TRACEPARENT.test(value)
    ? value
    : undefined;
}
