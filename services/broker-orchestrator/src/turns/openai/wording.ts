/** The sentences that are whole within so many characters; all that there is when there is no end of a sentence. */
export function sentencesOf(text: string, maxCharacters: number): string {
  const start = text.slice(0, maxCharacters);
  const end = Math.max(
    ...[". ", "! ", "? ", ".\n", "!\n", "?\n", "\n"].map((mark) =>
      start.lastIndexOf(mark),
    ),
  );
  if (end > 0) return start.slice(0, end + 1).trim();
  return start.length < text.length ? "" : start.trim();
}

/** The lines that do not repeat how to pay: that is said in our own words. */
export function withoutPayment(
  text: string,
  destinations: readonly (string | undefined)[],
): string {
  return text
    .split("\n")
    .filter(
      (line) =>
        !destinations.some(
          (destination) =>
            destination !== undefined && line.includes(destination),
        ),
    )
    .join("\n")
    .trim();
}
