import { describe, expect, test } from "@jest/globals";
import type { EasymoEvent } from "@easymo/messaging";
import { RoutingTable } from "@easymo/routing";
import fc from "fast-check";
import { identityOf } from "../conversation/identity.js";
import { limits } from "../conversation/limits.js";
import type { Conversation } from "../conversation/state.js";
import {
  callConnected,
  callOptOut,
  callStart,
  callStop,
  event,
  intent,
  PHONE_NUMBER_ID,
  paymentPrompt,
  received,
  ROUTING,
  TENANT,
  transcript,
} from "../testing/events.js";
import { causeOf, type Situation } from "./draft.js";
import type { Effect, EffectKind, Outcome } from "./effects.js";
import {
  applyEvent,
  applyOutcome,
  bury,
  eventRules,
  type Transition,
} from "./machine.js";
import { outward } from "./rules/consent.js";
import { outcomeRows } from "./rules/outcomes.js";

const PHONE = "+250788123456";
const table = RoutingTable.parse(ROUTING);
const startMs = Date.parse("2026-01-01T08:00:00.000Z");

function situation(nowMs: number): Situation {
  return {
    nowMs,
    agent: table.findAgent(TENANT, "sales"),
    hasWhatsApp: true,
    canCall: true,
    handoverMs: 3_600_000,
  };
}

/** One event of each sort, at a time. */
const makers: readonly ((time: string, n: number) => EasymoEvent)[] = [
  (at, n) => at_(received(PHONE, `Hello ${n}`), at),
  (at) => at_(received(PHONE, "please call me"), at),
  (at) => at_(intent(PHONE), at),
  (at, n) =>
    at_(
      intent(PHONE, {
        userId: undefined,
        callId: `CA${n % 3}`,
        channel: "voice",
      }),
      at,
    ),
  (at, n) => at_(callStart(PHONE, `CA${n % 3}`), at),
  (at, n) => at_(callConnected(PHONE, `CA${n % 3}`), at),
  (at, n) => at_(transcript(PHONE, `CA${n % 3}`, "user", "brake pads"), at),
  (at, n) => at_(paymentPrompt(PHONE, `CA${n % 3}`), at),
  (at, n) => at_(callStop(PHONE, `CA${n % 3}`), at),
  (at, n) => at_(callStop(PHONE, `CA${n % 3}`, "no-answer", 0), at),
  (at, n) => at_(callOptOut(PHONE, `CA${n % 3}`), at),
  (at) => consent("message.opt_out", at),
  (at) => consent("message.opt_in", at),
];

function at_<E extends EasymoEvent>(made: E, at: string): E {
  return { ...made, time: at, data: { ...made.data, at } };
}

function consent(
  type: "message.opt_out" | "message.opt_in",
  at: string,
): EasymoEvent {
  return event(type, {
    tenantId: TENANT,
    userId: PHONE,
    phone: PHONE,
    to: PHONE_NUMBER_ID,
    at,
    via: "text",
  });
}

/** Any life of a conversation: events, a second apart, some of them twice. */
const lives = fc.array(
  fc.record({
    sort: fc.nat({ max: makers.length - 1 }),
    again: fc.boolean(),
  }),
  { maxLength: 60 },
);

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

function eventsOf(life: readonly { sort: number }[]): EasymoEvent[] {
  return life.map(({ sort }, n) => {
    const at = new Date(startMs + n * 1_000).toISOString();
    const made = makers[sort]?.(at, n);
    if (made === undefined) throw new Error("no such event");
    return made;
  });
}

function apply(
  state: Conversation | undefined,
  one: EasymoEvent,
  nowMs: number,
): Transition {
  const identity = identityOf(one, () => false);
  return frozen(applyEvent(state, one, identity, situation(nowMs)));
}

/** Lives through the events; `look` sees each step. */
function live(
  events: readonly EasymoEvent[],
  look: (step: Transition, one: EasymoEvent) => void,
): Conversation | undefined {
  let state: Conversation | undefined;
  for (const one of events) {
    const step = apply(state, one, Date.parse(one.time));
    look(step, one);
    state = step.state;
  }
  return state;
}

describe("whatever happens in a conversation", () => {
  test("the same event leads to the same, and one that comes again changes nothing", () => {
    fc.assert(
      fc.property(lives, (life) => {
        const events = eventsOf(life);
        let state: Conversation | undefined;
        for (const [n, one] of events.entries()) {
          const nowMs = Date.parse(one.time);
          const step = apply(state, one, nowMs);
          expect(apply(state, one, nowMs)).toEqual(step);
          state = step.state;
          if (life[n]?.again !== true) continue;
          const repeat = apply(state, one, nowMs + 500);
          expect(repeat.result).toBe("duplicate");
          expect(repeat.state).toBe(state);
          // What is not known to be done is to be done.
          expect(repeat.effects).toEqual(
            state.outbox.filter(({ of }) => of === causeOf(one).of),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test("nothing reaches a person between their opt-out and their opt-in", () => {
    fc.assert(
      fc.property(lives, (life) => {
        let isOut = false;
        live(eventsOf(life), ({ state, effects }, one) => {
          if (one.type === "call.opt_out" || one.type === "message.opt_out")
            isOut = true;
          if (one.type === "message.opt_in") isOut = false;
          expect(state.optedOut !== undefined).toBe(isOut);
          if (!isOut) return;
          const kinds = [...effects, ...state.outbox].map(({ kind }) => kind);
          expect(kinds.filter((kind) => outward.includes(kind))).toEqual([]);
        });
      }),
      { numRuns: 60 },
    );
  });

  test("its effects are those that the table names, each in the outbox under a key of its own", () => {
    const declared = (type: string): Set<EffectKind> =>
      new Set(
        eventRules
          .filter(({ on }) => on.some((own) => own === type))
          .flatMap(({ effects }) => effects),
      );
    fc.assert(
      fc.property(lives, (life) => {
        const keys = new Set<string>();
        live(eventsOf(life), ({ state, effects }, one) => {
          for (const effect of effects) {
            expect(declared(one.type)).toContain(effect.kind);
            expect(state.outbox).toContain(effect);
            expect(keys).not.toContain(effect.key);
            keys.add(effect.key);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  test("what is remembered of it stays small, but for what is still to be done", () => {
    fc.assert(
      fc.property(fc.array(lives, { maxLength: 4 }), (all) => {
        const state = live(eventsOf(all.flat()), () => undefined);
        if (state === undefined) return;
        expect(state.seen.length).toBeLessThanOrEqual(limits.seen);
        expect(state.lines.length).toBeLessThanOrEqual(limits.lines);
        expect(state.calls.length).toBeLessThanOrEqual(limits.calls);
        expect(state.intents.length).toBeLessThanOrEqual(limits.intents);
        expect(state.payments.length).toBeLessThanOrEqual(limits.payments);
      }),
      { numRuns: 30 },
    );
  });
});

const offers = [
  {
    vendorId: "v1",
    name: "Vendor",
    score: 1,
    price: 900,
    currency: "RWF",
    reasons: [],
  },
];

/** What each effect of a wish comes to. */
function outcomeOf(effect: Effect, isRefused: boolean): Outcome {
  switch (effect.kind) {
    case "know_lead":
      return isRefused
        ? { kind: "refused", code: "invalid_request" }
        : {
            kind: "lead",
            lead: { leadId: "l1", phone: PHONE, tags: [], optedOut: false },
          };
    case "rank":
      return { kind: "ranking", rankingId: "r1", offers };
    case "register_buyer":
      return { kind: "buyer", buyerId: "b1" };
    case "reserve":
      return isRefused
        ? { kind: "refused", code: "insufficient_funds" }
        : { kind: "reserved", reservationId: "res1" };
    default:
      return { kind: "done" };
  }
}

describe("a wish", () => {
  const wish = intent(PHONE);
  const cause = causeOf(wish);

  test("is forwarded and told once, in whatever order its steps are done, refused, and told twice", () => {
    const declared = new Map<EffectKind, readonly EffectKind[]>();
    for (const { of, effects } of outcomeRows) declared.set(of, effects);
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
        fc.boolean(),
        (choices, isRefused) => {
          let { state } = apply(undefined, wish, startMs);
          const done: Effect[] = [];
          for (const choice of choices) {
            const { outbox } = state;
            // Some outcomes come twice.
            const all = choice % 5 === 0 ? [...outbox, ...done] : outbox;
            const effect = all[choice % Math.max(all.length, 1)];
            if (effect === undefined) continue;
            const step = applyOutcome(
              state,
              effect,
              outcomeOf(effect, isRefused),
              cause,
              situation(startMs),
            );
            if (step === undefined) throw new Error("no conversation");
            frozen(step);
            if (step.result === "applied") {
              done.push(effect);
              for (const { kind } of step.effects)
                expect(declared.get(effect.kind) ?? []).toContain(kind);
            }
            state = step.state;
          }
          expect(state.outbox).toEqual([]);
          const kinds = done.map((effect) =>
            effect.kind === "publish" ? effect.what.type : effect.kind,
          );
          expect(kinds.filter((kind) => kind === "ranking.forwarded")).toEqual([
            "ranking.forwarded",
          ]);
          for (const kind of [
            "rank",
            "reserve",
            "add_ranking",
            "send_whatsapp",
          ])
            expect(kinds.filter((one) => one === kind)).toEqual([kind]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("is what vendors can answer: a payment that names no item is none, nor is small talk", () => {
    const asked = (name: string, slots: Record<string, string>) =>
      apply(undefined, intent(PHONE, { name, slots }), startMs).effects.map(
        ({ kind }) => kind,
      );
    expect(asked("order", {})).toEqual(["know_lead"]);
    expect(asked("pay", { item: "brake pads" })).toEqual(["know_lead"]);
    expect(asked("pay", { amount: "5000" })).toEqual([]);
    expect(asked("help", { item: "brake pads" })).toEqual([]);
  });

  test("that was given up goes on where it stood when its event comes again", () => {
    const { state } = apply(undefined, wish, startMs);
    const buried = bury(state, cause.of);
    expect(buried.outbox.every((effect) => effect.buried)).toBe(true);
    const again = apply(buried, wish, startMs + 1_000);
    expect(again.effects).toEqual(state.outbox);
    expect(again.state.outbox).toEqual(state.outbox);
  });

  describe("that says where, what an earlier one left open", () => {
    const exact = intent(PHONE, {
      slots: { item: "Brake Pads", place: "Remera" },
    });

    /** Does what is open, the earliest first, until nothing is; or until there is one of the kind, which is given. */
    function doneUntil(
      state: Conversation,
      kind?: EffectKind,
    ): { state: Conversation; done: Effect[]; stoppedAt?: Effect } {
      const done: Effect[] = [];
      for (let now = state; ;) {
        const [effect] = now.outbox;
        if (effect === undefined) return { state: now, done };
        if (effect.kind === kind)
          return { state: now, done, stoppedAt: effect };
        const outcome = outcomeOf(effect, false);
        const own =
          effect.kind === "reserve"
            ? { ...outcome, reservationId: `for ${effect.intentId}` }
            : outcome;
        const step = applyOutcome(now, effect, own, cause, situation(startMs));
        if (step === undefined) throw new Error("no conversation");
        done.push(effect);
        now = step.state;
      }
    }

    const released = (done: readonly Effect[]) =>
      done.flatMap((effect) =>
        effect.kind === "release" ? [effect.reservationId] : [],
      );
    const first = `for ${wish.data.intentId}`;

    test("has the money of it let go of, before any is held for itself", () => {
      const { state } = doneUntil(apply(undefined, wish, startMs).state);
      const { done, state: after } = doneUntil(
        apply(state, exact, startMs + 60_000).state,
      );
      expect(released(done)).toEqual([first]);
      const kinds = done.map(({ kind }) => kind);
      expect(kinds.indexOf("release")).toBeLessThan(kinds.indexOf("reserve"));
      expect(after.intents.map(({ reservation }) => reservation)).toEqual([
        { outcome: "released" },
        { outcome: "reserved", id: `for ${exact.data.intentId}` },
      ]);
    });

    test("has the money of it let go of also when it was asked for already and is held only now", () => {
      const { state } = doneUntil(
        apply(undefined, wish, startMs).state,
        "reserve",
      );
      const { done } = doneUntil(apply(state, exact, startMs + 60_000).state);
      expect(released(done)).toEqual([first]);
    });

    test.each([
      ["another thing", { item: "mirror", place: "Remera" }],
      ["the same, and no place either", { item: "brake pads" }],
    ])("leaves %s alone", (_what, slots) => {
      const { state } = doneUntil(apply(undefined, wish, startMs).state);
      const other = intent(PHONE, { slots });
      const { done } = doneUntil(apply(state, other, startMs + 60_000).state);
      expect(released(done)).toEqual([]);
    });

    test("leaves one alone that said another place: that is another wish", () => {
      const there = intent(PHONE, {
        slots: { item: "brake pads", area: "Kacyiru" },
      });
      const { state } = doneUntil(apply(undefined, there, startMs).state);
      const { done } = doneUntil(apply(state, exact, startMs + 60_000).state);
      expect(released(done)).toEqual([]);
    });
  });

  test("of which the store knows nothing any more is asked for anew, under the same keys", () => {
    const first = apply(undefined, wish, startMs);
    const [effect] = first.effects;
    if (effect === undefined) throw new Error("no effect");
    const other = apply(undefined, callStart(PHONE, "CA1"), startMs).state;
    const outcome = outcomeOf(effect, false);
    const now = situation(startMs);
    expect(
      applyOutcome(undefined, effect, outcome, cause, now),
    ).toBeUndefined();
    expect(applyOutcome(other, effect, outcome, cause, now)?.result).toBe(
      "lost",
    );
    const anew = apply(other, wish, startMs + 60_000);
    expect(anew.effects.map(({ key }) => key)).toEqual([effect.key]);
  });
});
