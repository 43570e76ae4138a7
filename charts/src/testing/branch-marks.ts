/**
 * Marks in templates that tell which branches a rendering took. Go templates
 * cannot count, but all templates of a rendering share one `.Release`, in which
 * a mark leaves its name; the template that is rendered last prints them.
 */

interface Block {
  readonly word: string;
  readonly line: number;
  /** Whether the mark's helper finds `.Release` inside. */
  readonly marked: boolean;
  hasElse: boolean;
}

const ACTION =
  /\{\{(-?)\s*(?:\/\*[\s\S]*?\*\/|(else if|else with|if|else|with|range|define|end|fail)\b([\s\S]*?))\s*(-?)\}\}/g;
const OPENING: ReadonlySet<string> = new Set(["if", "with", "range", "define"]);
/** A list may well never be empty; a condition has two sides. */
const TWO_SIDED: ReadonlySet<string> = new Set(["if", "with"]);
/** They take plain data, without `.Release`, and have tests of their own. */
const UNMARKED: ReadonlySet<string> = new Set([
  '"common.plainEnv"',
  '"phase4.channelName"',
]);

/** Defines the mark; it finds `.Release` wherever a helper's argument has it. */
export const MARK_HELPER = `{{- define "branch-mark" -}}
{{- $context := index . 0 -}}
{{- $release := dict -}}
{{- if kindIs "map" $context -}}
{{- if hasKey $context "Release" -}}{{- $release = $context.Release -}}
{{- else if hasKey $context "root" -}}{{- $release = $context.root.Release -}}{{- end -}}
{{- end -}}
{{- $_ := set $release (printf "branch %s" (index . 1)) true -}}
{{- end -}}
`;

/** Prints the marks, as comments; Helm renders the umbrella's first name last. */
export const MARK_PRINTER = `{{- range $name, $_ := .Release }}
{{- if hasPrefix "branch " $name }}
# {{ $name }}
{{- end }}
{{- end }}
`;

/** The names of the branches that were taken, from what Helm printed. */
export function branchesTaken(printed: string): string[] {
  return [
    ...printed.matchAll(/^# branch (.+)$/gm),
    ...printed.matchAll(/\[branch ([^\]]+)\]/g),
  ].map((match) => match[1] ?? "");
}

/**
 * The template with a mark in each of its branches, and their names
 * (`file:line kind`): each condition's body, and the way past it.
 */
export function markBranches(
  template: string,
  file: string,
): { text: string; branches: string[] } {
  const branches: string[] = [];
  const open: Block[] = [];
  const mark = (line: number, kind: string, trim: string): string => {
    if (open.some((block) => !block.marked)) return "";
    const name = `${file}:${String(line)} ${kind}`;
    branches.push(name);
    return `{{ include "branch-mark" (list $ "${name}") ${trim}}}`;
  };
  const text = template.replaceAll(
    ACTION,
    (
      whole: string,
      trimsLeft: string,
      word: string | undefined,
      rest: string | undefined,
      trimsRight: string,
      at: number,
    ): string => {
      const line = template.slice(0, at).split("\n").length;
      const argument = (rest ?? "").trim();
      if (word === undefined) return whole;
      if (word === "fail") {
        // A rendering that is refused prints nothing but its sentence.
        const said = `(print "[branch ${branches.at(-1) ?? ""}] " ${argument})`;
        return `{{${trimsLeft} fail ${said} ${trimsRight}}}`;
      }
      if (word === "end") {
        const block = open.at(-1);
        const past =
          block !== undefined && !block.hasElse && TWO_SIDED.has(block.word)
            ? `{{${trimsLeft} else }}${mark(block.line, `no ${block.word}`, "")}`
            : "";
        open.pop();
        return `${past}${whole}`;
      }
      if (OPENING.has(word))
        open.push({
          word,
          line,
          marked: !UNMARKED.has(argument),
          hasElse: false,
        });
      if (word === "define") return whole;
      const block = open.at(-1);
      if (word === "else" && block !== undefined) block.hasElse = true;
      return `${whole}${mark(line, word, trimsRight)}`;
    },
  );
  return { text, branches };
}
