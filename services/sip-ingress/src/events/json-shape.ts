/** Deeper than any real payload, and far from what recursion over it could not stand. */
export const MAX_PAYLOAD_DEPTH = 16;

/** Why a value that came out of JSON cannot be passed on; undefined when it can. Walks without recursion. */
export function payloadProblem(value: unknown): string | undefined {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (typeof at.value !== "object" || at.value === null) continue;
    if (at.depth >= MAX_PAYLOAD_DEPTH)
      return `is nested deeper than ${MAX_PAYLOAD_DEPTH}`;
    if (Object.hasOwn(at.value, "__proto__"))
      return "has a key that is not taken: __proto__";
    for (const inner of Object.values(at.value))
      open.push({ value: inner, depth: at.depth + 1 });
  }
  return undefined;
}
