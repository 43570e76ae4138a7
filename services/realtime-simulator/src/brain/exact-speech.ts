const SAY_EXACTLY = /say exactly[^"“]*["“]([\s\S]+)["”]/i;
const QUOTED = /["“]([^"“”]{2,})["”]/;
const GREETING_LINE =
  /\b(?:greeting|greet(?: [^":“\n]*)?|begin by saying|start by saying|say first)\s*:\s*["“]?([^"“”\n]{2,})["”]?/i;

/** The text that instructions demand word for word: `Say exactly: "…"`. */
export function exactText(
  instructions: string | undefined,
): string | undefined {
  return SAY_EXACTLY.exec(instructions ?? "")?.[1];
}

/** A greeting that instructions give: in quotation marks, or after `Greeting:`. */
export function greetingIn(instructions: string): string | undefined {
  const lines = instructions
    .split("\n")
    .filter((line) => /greet|begin by|start by|say first/i.test(line));
  for (const line of lines) {
    const text = QUOTED.exec(line)?.[1] ?? GREETING_LINE.exec(line)?.[1];
    if (text !== undefined) {
      return text.trim();
    }
  }
  return undefined;
}

/** Words in quotation marks that a response's own instructions want said. */
export function quotedText(instructions: string): string | undefined {
  return QUOTED.exec(instructions)?.[1]?.trim();
}
