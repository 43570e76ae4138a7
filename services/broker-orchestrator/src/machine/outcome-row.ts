import type { Draft } from "./draft.js";
import type { EffectKind, EffectOf, Outcome } from "./effects.js";
import type { AnyOutcomeRule } from "./rule.js";

/** An outcome of this kind. */
export type OutcomeOf<K extends Outcome["kind"]> = Extract<
  Outcome,
  { kind: K }
>;

/** One row of the table of outcomes, with what it does. */
interface Row<K extends EffectKind, O extends Outcome["kind"]> {
  readonly of: K;
  readonly outcomes: readonly O[];
  readonly then: string;
  readonly effects: readonly EffectKind[];
  apply(draft: Draft, effect: EffectOf<K>, outcome: OutcomeOf<O>): void;
}

/** A row, as the machine keeps it. */
export interface AnyOutcomeRow extends AnyOutcomeRule {
  /** False: it is about something else. */
  run(draft: Draft, effect: EffectOf<EffectKind>, outcome: Outcome): boolean;
}

/** A row for the table. */
export function outcomeRow<K extends EffectKind, O extends Outcome["kind"]>(
  made: Row<K, O>,
): AnyOutcomeRow {
  const isOwn = (effect: EffectOf<EffectKind>): effect is EffectOf<K> =>
    effect.kind === made.of;
  const kinds: readonly string[] = made.outcomes;
  const isMeant = (outcome: Outcome): outcome is OutcomeOf<O> =>
    kinds.includes(outcome.kind);
  return {
    of: made.of,
    when: made.outcomes.join(", ").replaceAll("_", " "),
    then: made.then,
    effects: made.effects,
    run(draft, effect, outcome) {
      if (!isOwn(effect) || !isMeant(outcome)) return false;
      made.apply(draft, effect, outcome);
      return true;
    },
  };
}
