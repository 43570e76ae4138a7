const CHARACTER = new Uint8Array(256);
for (const c of Buffer.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
))
  CHARACTER[c] = 1;
const EQUALS = 0x3d;

/**
 * Where the base64 text that begins at `start` ends: the offset of the first
 * byte that is not part of it; -1 when it is not well-formed base64 (RFC 4648
 * §4: whole groups of four, padded).
 */
export function endOfBase64(message: Buffer, start: number): number {
  let at = start;
  while (CHARACTER[message[at] ?? 0] === 1) at++;
  if (message[at] === EQUALS) at++;
  if (message[at] === EQUALS) at++;
  return (at - start) % 4 === 0 ? at : -1;
}

/** How many bytes the base64 text in `message[start, end)` stands for. */
export function decodedLength(
  message: Buffer,
  start: number,
  end: number,
): number {
  if (end <= start) return 0;
  const padding =
    message[end - 2] === EQUALS ? 2 : message[end - 1] === EQUALS ? 1 : 0;
  return ((end - start) / 4) * 3 - padding;
}
