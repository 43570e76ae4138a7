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

/** What effects depend on, and how many of each are at work at once. */
const places = {
  "agent-core": 256,
  ranking: 256,
  buyer: 256,
  wallet: 256,
  model: 32,
  voice: 32,
  telling: 512,
} as const;
type Dependency = keyof typeof places;

const dependencyOf: Readonly<Record<EffectKind, Dependency>> = {
  register_opt_out: "agent-core",
  know_lead: "agent-core",
  keep_conversation: "buyer",
  rank: "ranking",
  register_buyer: "buyer",
  add_intent: "buyer",
  add_ranking: "buyer",
  reserve: "wallet",
  answer_turn: "model",
  place_call: "voice",
  send_whatsapp: "telling",
  publish: "telling",
};

/**
 * Does effects: those of one person on one dependency in order, everything else at the same time, as many at once as each
 * dependency is given.
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
    this.#places = {
      "agent-core": new Places(places["agent-core"]),
      ranking: new Places(places.ranking),
      buyer: new Places(places.buyer),
      wallet: new Places(places.wallet),
      model: new Places(places.model),
      voice: new Places(places.voice),
      telling: new Places(places.telling),
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
      this.#places[dependency].run(() => this.#try(effect, about, signal)),
    );
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
