/**
 * Sequences of words. A pattern is written as words separated by spaces:
 * `word`, `(this|or|that)`, `{set}` for a named set of words, each with `?` when
 * it may be missing or `*` when it may come any number of times (six at most).
 */
export interface Pattern {
  readonly elements: readonly Element[];
}

interface Element {
  readonly words: ReadonlySet<string>;
  readonly atLeast: 0 | 1;
  readonly atMost: number;
}

const MANY = 6;

/** Named sets of words, each written with spaces between them. */
export type WordSets = Readonly<Record<string, string>>;

export function compile(source: string, sets: WordSets = {}): Pattern {
  const elements = source
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => compileElement(part, sets));
  return { elements };
}

function compileElement(part: string, sets: WordSets): Element {
  const match =
    /^(?:\{(?<set>\w+)\}|\((?<any>[^()]+)\)|(?<word>[^?*(){}]+))(?<times>[?*]?)$/.exec(
      part,
    );
  const { set, any, word, times } = match?.groups ?? {};
  const words =
    set === undefined ? (any?.split("|") ?? [word]) : sets[set]?.split(" ");
  const known = words?.filter((one) => one !== undefined);
  if (known === undefined || known.length === 0 || known.includes("")) {
    throw new Error(`not a pattern: ${part}`);
  }
  return {
    words: new Set(known),
    atLeast: times === "" ? 1 : 0,
    atMost: times === "*" ? MANY : 1,
  };
}

/**
 * Where the longest match that begins at `from` ends (exclusive), or undefined.
 * With `to`, only a match that ends there counts.
 */
export function matchAt(
  { elements }: Pattern,
  words: readonly string[],
  from: number,
  to?: number,
): number | undefined {
  const attempt = (element: number, at: number): number | undefined => {
    const wanted = elements[element];
    if (wanted === undefined) {
      return to === undefined || at === to ? at : undefined;
    }
    let taken = 0;
    while (taken < wanted.atMost && wanted.words.has(words[at + taken] ?? "")) {
      taken++;
    }
    for (; taken >= wanted.atLeast; taken--) {
      const end = attempt(element + 1, at + taken);
      if (end !== undefined) {
        return end;
      }
    }
    return undefined;
  };
  return attempt(0, from);
}

/** The words that a match can begin with. */
export function firstWords({ elements }: Pattern): ReadonlySet<string> {
  const first = elements[0];
  if (first === undefined || first.atLeast === 0) {
    throw new Error("a pattern begins with something that must be there");
  }
  return first.words;
}

/** Does some match, of at most `reach` words, end right before `end`? */
export function endsAt(
  pattern: Pattern,
  words: readonly string[],
  end: number,
  reach: number,
): boolean {
  for (let from = end - 1; from >= 0 && from >= end - reach; from--) {
    if (matchAt(pattern, words, from, end) !== undefined) {
      return true;
    }
  }
  return false;
}
