import { AgentCoreError } from "@easymo/agent-core-client";
import {
  secondsBuckets,
  type Clock,
  type Counter,
  type Histogram,
  type Metrics,
} from "@easymo/service-kit";
import type { AboutEffect, ExecuteEffect } from "../effects/executor.js";
import type { Effect, EffectKind, Outcome } from "../machine/effects.js";
import { Lanes, Places } from "./effect-lanes.js";
import { isUntried } from "./event-work.js";

/** What effects depend on: how many of each are at work at first, and at most. */
const places = {
  "agent-core": { first: 24, most: 256 },
  ranking: { first: 24, most: 256 },
  buyer: { first: 24, most: 256 },
  wallet: { first: 24, most: 256 },
  model: { first: 16, most: 32 },
  voice: { first: 16, most: 32 },
  telling: { first: 256, most: 512 },
} as const;
const CIRCUIT_PAUSE_MS = 1_000;
const CIRCUIT_PATIENCE_MS = 5_000;

type Dependency = keyof typeof places;

const dependencyOf: Readonly<Record<EffectKind, Dependency>> = {
  register_opt_out: "agent-core",
  know_lead: "agent-core",
  note_channel: "agent-core",
  keep_conversation: "buyer",
  rank: "ranking",
  register_buyer: "buyer",
  add_intent: "buyer",
  add_ranking: "buyer",
  reserve: "wallet",
  release: "wallet",
  answer_turn: "model",
  hand_over: "agent-core",
  check_handover: "agent-core",
  place_call: "voice",
  // What takes its time is the question to the registry before.
  send_whatsapp: "agent-core",
  publish: "telling",
};

/**
 * Does effects: those of one person on one dependency in order, everything else at the same time, as many at once as each
 * dependency can follow.
 */
export class EffectRunner {
  readonly #execute: ExecuteEffect;
  readonly #clock: Clock;
  readonly #lanes = new Lanes();
  readonly #places: Readonly<Record<Dependency, Places>>;
  readonly #effects: Counter;
  readonly #seconds: Histogram;

  constructor(options: {
    execute: ExecuteEffect;
    clock: Clock;
    metrics: Metrics;
  }) {
    this.#execute = options.execute;
    this.#clock = options.clock;
    const { clock } = options;
    const placesOf = (name: Dependency): Places =>
      new Places({ ...places[name], clock });
    this.#places = {
      "agent-core": placesOf("agent-core"),
      ranking: placesOf("ranking"),
      buyer: placesOf("buyer"),
      wallet: placesOf("wallet"),
      model: placesOf("model"),
      voice: placesOf("voice"),
      telling: placesOf("telling"),
    };
    this.#effects = options.metrics.counter(
      "easymo_broker_effects_total",
      "Effects that were tried, by kind and by what came of them",
      ["kind", "outcome"],
    );
    this.#seconds = options.metrics.histogram(
      "easymo_broker_effect_seconds",
      "How long one try of an effect took",
      ["kind"],
      secondsBuckets,
    );
  }

  /** Rejects with the reason why the effect was not done. */
  run(
    effect: Effect,
    about: AboutEffect,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const dependency = dependencyOf[effect.kind];
    return this.#lanes.run(`${about.home}\n${dependency}`, () =>
      this.#patiently(
        () =>
          this.#places[dependency].run(
            () => this.#try(effect, about, signal),
            isTooMuch,
          ),
        signal,
      ),
    );
  }

  /** An open circuit often closes within seconds: so long it is waited for here, without a place, rather than in Kafka. */
  async #patiently(
    work: () => Promise<Outcome>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    for (let waitedMs = 0; ; waitedMs += CIRCUIT_PAUSE_MS) {
      try {
        return await work();
      } catch (error) {
        const isOver = waitedMs >= CIRCUIT_PATIENCE_MS || signal.aborted;
        if (isOver || !isUntried(error)) throw error;
      }
      await new Promise<void>((resolve) => {
        this.#clock.setTimeout(resolve, CIRCUIT_PAUSE_MS);
      });
    }
  }

  async #try(
    effect: Effect,
    about: AboutEffect,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { kind } = effect;
    const startedMs = this.#clock.monotonicMs();
    let outcome = "failed";
    try {
      const made = await this.#execute(effect, about, signal);
      outcome =
        made.kind === "refused" || made.kind === "withheld"
          ? made.kind
          : "done";
      return made;
    } finally {
      this.#effects.inc({ kind, outcome });
      this.#seconds.observe(
        { kind },
        (this.#clock.monotonicMs() - startedMs) / 1_000,
      );
    }
  }
}

/** Not answered, not in time, or answered that it is too much. */
function isTooMuch(error: unknown): boolean {
  return (
    error instanceof AgentCoreError &&
    !isUntried(error) &&
    (error.status === undefined || [429, 503, 504].includes(error.status)) &&
    error.retryable
  );
}
