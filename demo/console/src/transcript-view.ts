import { byId, make, show } from "./dom.js";
import type { TranscriptLine } from "./transcript.js";

const speakers = {
  caller: "Caller",
  agent: "Agent",
  carrier: "Phone company",
} as const;

/** Draws a transcript, touching only lines that have changed. */
export class TranscriptView {
  readonly #list = byId("transcript", HTMLOListElement);
  readonly #empty = byId("transcript-empty", HTMLParagraphElement);
  #shown: readonly TranscriptLine[] = [];

  render(lines: readonly TranscriptLine[]): void {
    const atEnd = this.#isAtEnd();
    lines.forEach((line, index) => {
      if (this.#shown[index] === line) return;
      const item = itemOf(line);
      const old = this.#list.children[index];
      if (old === undefined) this.#list.append(item);
      else old.replaceWith(item);
    });
    while (this.#list.children.length > lines.length) {
      this.#list.lastElementChild?.remove();
    }
    this.#shown = lines;
    show(this.#empty, lines.length === 0);
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** Whoever reads further up is left there. */
  #isAtEnd(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.#list;
    return scrollTop + clientHeight > scrollHeight - 40;
  }
}

function itemOf(line: TranscriptLine): HTMLLIElement {
  switch (line.kind) {
    case "note":
      return make("li", { class: "note" }, line.text);
    case "payment":
      return make(
        "li",
        { class: "prompt" },
        make("span", { class: "speaker" }, "Payment code"),
        make("code", {}, line.code),
        make("span", {}, line.spoken),
      );
    case "speech":
      return make(
        "li",
        { class: line.pending ? `${line.speaker} pending` : line.speaker },
        make("span", { class: "speaker" }, speakers[line.speaker]),
        wordsOf(line),
      );
  }
}

function wordsOf(line: { readonly text: string; readonly cut: string }) {
  const heard = line.text.slice(0, line.text.length - line.cut.length);
  const words = make("span", { class: "words" }, heard);
  if (line.cut !== "") {
    words.append(
      make("s", { title: "The caller did not hear this" }, line.cut),
    );
  }
  return words;
}
