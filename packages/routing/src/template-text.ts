/** What a variable of a template may be filled with. */
export interface TemplateValues {
  /** The person's name. */
  readonly name?: string | undefined;
  /** What was to be said. */
  readonly text?: string | undefined;
}

const VARIABLE = /\{([^{}|]*)(?:\|([^{}|]*))?\}/g;

/** Whether a text has no other variables than there are. Pure. */
export function isTemplateText(text: string): boolean {
  const rest = text.replace(VARIABLE, (whole, name: string) =>
    name === "name" || name === "text" ? "" : whole,
  );
  return !/[{}]/.test(rest);
}

/**
 * A text with its variables filled in: `{name}`, `{text}`, or `{name|friend}` with words for when there is none; undefined
 * when a value is missing that has no such words. Pure.
 */
export function fillTemplateText(
  text: string,
  values: TemplateValues,
): string | undefined {
  const missing: string[] = [];
  const filled = text.replace(
    VARIABLE,
    (_whole, name: string, otherwise: string | undefined) => {
      const value = (name === "name" ? values.name : values.text)?.trim();
      const word = value === undefined || value === "" ? otherwise : value;
      if (word === undefined) missing.push(name);
      return word ?? "";
    },
  );
  return missing.length === 0 && filled.trim() !== "" ? filled : undefined;
}
