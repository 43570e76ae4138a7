export type Fields = Readonly<Record<string, unknown>>;

/** Whether something is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 7396, with one rule of Kubernetes: conditions are merged by their type. Pure. */
export function mergePatched(before: Fields, patch: Fields): Fields {
  const merged = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(patch)) {
    const old = merged.get(name);
    if (value === null) merged.delete(name);
    else if (value === undefined) continue;
    else if (name === "conditions") merged.set(name, byType(old, value));
    else if (isFields(value))
      merged.set(name, mergePatched(isFields(old) ? old : {}, value));
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

function byType(before: unknown, now: unknown): unknown[] {
  const all = [before, now].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : [],
  );
  return [
    ...new Map(
      all.map((one) => [isFields(one) ? one.type : undefined, one]),
    ).values(),
  ];
}
