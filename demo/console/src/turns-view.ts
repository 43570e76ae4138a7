import { byId, make, show } from "./dom.js";
import { flagOf, maybeNumber } from "./fields.js";
import type { FeedEntry } from "./wire.js";

/** A bar of full height; slower turns raise it. */
const LEAST_SCALE_MS = 600;

interface Turn {
  readonly latencyMs: number;
  readonly interrupted: boolean;
}

/** A small bar for each turn: how long the caller waited for the agent. */
export class TurnsView {
  readonly #figure = byId("turns", HTMLElement);
  readonly #bars = byId("turn-bars", HTMLOListElement);
  readonly #summary = byId("turns-summary", HTMLOutputElement);
  #turns: Turn[] = [];

  clear(): void {
    this.#turns = [];
    this.#render();
  }

  apply(entry: FeedEntry): void {
    if (entry.headers.ce_type !== "media.turn") return;
    const latencyMs = maybeNumber(entry.data, "latencyMs");
    if (latencyMs === undefined) return;
    const interrupted = flagOf(entry.data, "interrupted");
    this.#turns.push({ latencyMs, interrupted });
    this.#render();
  }

  #render(): void {
    show(this.#figure, this.#turns.length > 0);
    const slowestMs = Math.max(...this.#turns.map((turn) => turn.latencyMs));
    const scaleMs = Math.max(LEAST_SCALE_MS, slowestMs);
    this.#bars.replaceChildren(
      ...this.#turns.map((turn, index) => barOf(turn, index + 1, scaleMs)),
    );
    this.#summary.value =
      this.#turns.length === 0
        ? ""
        : `median ${Math.round(medianOf(this.#turns))} ms, slowest ${Math.round(slowestMs)} ms`;
    this.#bars.scrollLeft = this.#bars.scrollWidth;
  }
}

function barOf(turn: Turn, number: number, scaleMs: number): HTMLLIElement {
  const { latencyMs, interrupted } = turn;
  const bar = make("i");
  bar.style.height = `${(latencyMs / scaleMs) * 52}px`;
  const ms = Math.round(latencyMs);
  const end = interrupted ? ", then interrupted" : "";
  return make(
    "li",
    {
      class: interrupted ? "cut" : "whole",
      title: `Turn ${number}: ${ms} ms${end}`,
    },
    String(ms),
    bar,
  );
}

function medianOf(turns: readonly Turn[]): number {
  const sorted = turns.map((turn) => turn.latencyMs).sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1
    ? upper
    : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
