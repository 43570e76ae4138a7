/** Where `key` first stands within `message[start, end)`; -1 when it does not. */
export function indexWithin(
  message: Buffer,
  key: Buffer,
  start: number,
  end: number,
): number {
  const first = key[0];
  const last = end - key.length;
  for (let at = start; at <= last; at++)
    if (message[at] === first && standsAt(message, key, at)) return at;
  return -1;
}

/** Whether `key` stands at `at`; the caller knows that there is room for it. */
export function standsAt(message: Buffer, key: Buffer, at: number): boolean {
  for (let i = 0; i < key.length; i++)
    if (message[at + i] !== key[i]) return false;
  return true;
}

/** `message[start, end)` as text of ASCII characters; `known` itself when it says the same. */
export function asciiWithin(
  message: Buffer,
  start: number,
  end: number,
  known: string,
): string {
  if (end - start !== known.length)
    return message.toString("latin1", start, end);
  for (let i = 0; i < known.length; i++)
    if (message[start + i] !== known.charCodeAt(i))
      return message.toString("latin1", start, end);
  return known;
}
