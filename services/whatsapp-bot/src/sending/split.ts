/** Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages (body, maximum) */
export const MAX_TEXT_CHARACTERS = 4_096;

/**
 * A text in parts that WhatsApp takes, cut between words where there are any, never inside a character. Joined, with one
 * blank where it was cut at one, they say the same. Pure.
 */
export function splitText(
  text: string,
  maxCharacters = MAX_TEXT_CHARACTERS,
): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > maxCharacters) {
    const cut = cutOf(rest, maxCharacters);
    const part = rest.slice(0, cut).trimEnd();
    if (part !== "") parts.push(part);
    rest = rest.slice(cut).trimStart();
  }
  if (rest.trim() !== "" || parts.length === 0) parts.push(rest);
  return parts;
}

/** After the last blank that leaves a part of at least half the size, or else at the size. */
function cutOf(text: string, maxCharacters: number): number {
  const head = text.slice(0, maxCharacters + 1);
  const least = Math.ceil(maxCharacters / 2);
  for (const blank of ["\n", " "]) {
    const at = head.lastIndexOf(blank);
    if (at >= least) return at;
  }
  const anyBlank = head.search(/\s\S*$/);
  if (anyBlank > 0) return anyBlank;
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(maxCharacters - 1));
  return isHalf && maxCharacters > 1 ? maxCharacters - 1 : maxCharacters;
}
