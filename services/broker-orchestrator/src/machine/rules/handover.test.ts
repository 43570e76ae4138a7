import { RoutingTable } from "@easymo/routing";
import { describe, expect, test } from "@jest/globals";
import { identityOf } from "../../conversation/identity.js";
import type { Conversation } from "../../conversation/state.js";
import {
  callStart,
  intent,
  newPhone,
  received,
  ROUTING,
  TENANT,
} from "../../testing/events.js";
import { causeOf, type Situation } from "../draft.js";
import type { Effect, Outcome } from "../effects.js";
import { applyEvent, applyOutcome, type Transition } from "../machine.js";
import { intentEventId } from "./messages.js";

const table = RoutingTable.parse(ROUTING);
const HOUR_MS = 3_600_000;
const startMs = Date.parse("2026-01-01T08:00:00.000Z");

/** One person's conversation, as it goes on. */
class Life {
  readonly phone = newPhone();
  nowMs = startMs;
  state: Conversation | undefined;
  agentName = "sales";
  readonly done: Effect[] = [];

  /** Something happens; its effects wait. */
  takes(event: Parameters<typeof applyEvent>[1]): Transition["effects"] {
    const step = applyEvent(
      this.state,
      event,
      identityOf(event, () => false),
      this.#situation,
    );
    this.state = step.state;
    return step.effects;
  }

  writes(text: string): Transition["effects"] {
    const at = new Date(this.nowMs).toISOString();
    return this.takes(received(this.phone, text, { at }));
  }

  /** An effect is done. */
  ends(effect: Effect | undefined, outcome: Outcome): Transition["effects"] {
    if (effect === undefined) throw new Error("no such effect");
    const cause = causeOf(received(this.phone, "any"));
    const step = applyOutcome(
      this.state,
      effect,
      outcome,
      { ...cause, eventId: effect.eventId, of: effect.of },
      this.#situation,
    );
    if (step === undefined) throw new Error("no conversation");
    this.state = step.state;
    return step.effects;
  }

  /** Asks for a human, and people take over. */
  isHandedOver(): void {
    const [turn] = this.writes("a human, please");
    const effects = this.ends(turn, wantsHuman);
    const [over] = effects.filter(({ kind }) => kind === "hand_over");
    this.ends(over, { kind: "handed_over", handoverId: "h-1", to: "+25" });
  }

  get #situation(): Situation {
    return {
      nowMs: this.nowMs,
      agent: table.findAgent(
        this.agentName === "sales" ? TENANT : "huye-foods",
        this.agentName,
      ),
      hasWhatsApp: true,
      canCall: true,
      handoverMs: HOUR_MS,
    };
  }
}

const wantsHuman: Outcome = {
  kind: "answered",
  text: "A colleague takes over.",
  intent: { name: "human", slots: { reason: "a complaint" }, confidence: 1 },
};

function kindsOf(effects: readonly Effect[]): string[] {
  return effects.map((effect) =>
    effect.kind === "publish"
      ? `${effect.kind} ${effect.what.type}`
      : effect.kind,
  );
}

describe("who asks for a human", () => {
  test("is told so, and people get what was said so far", () => {
    const life = new Life();
    life.writes("my order is broken");
    const [turn] = life.writes("a human, please");
    const effects = life.ends(turn, wantsHuman);
    expect(kindsOf(effects)).toEqual(["send_whatsapp", "hand_over"]);
    expect(effects[1]).toMatchObject({
      queue: "sales",
      reason: "a complaint",
      summary: [
        "user (whatsapp): my order is broken",
        "user (whatsapp): a human, please",
        "assistant (whatsapp): A colleague takes over.",
      ].join("\n"),
      until: new Date(startMs + HOUR_MS).toISOString(),
    });
    const news = life.ends(effects[1], {
      kind: "handed_over",
      handoverId: "h-1",
      to: "+250788000009",
    });
    expect(news).toMatchObject([
      {
        what: {
          type: "conversation.updated",
          handover: {
            state: "with_human",
            handoverId: "h-1",
            queue: "sales",
            to: "+250788000009",
            reason: "a complaint",
          },
        },
      },
    ]);
  });

  test("is handed over though whatsapp-bot has told of the same message's wish before", () => {
    const life = new Life();
    const message = received(life.phone, "a human, please");
    const [turn] = life.takes(message);
    const id = intentEventId(message.data.messageId);
    expect(life.takes(intent(life.phone, { name: "human" }, { id }))).toEqual(
      [],
    );
    expect(kindsOf(life.ends(turn, wantsHuman))).toEqual([
      "send_whatsapp",
      "hand_over",
    ]);
  });

  test("is not answered by the agent twice: what waited for an answer is theirs", () => {
    const life = new Life();
    const [first] = life.writes("a human, please");
    const [second] = life.writes("hello?");
    life.ends(first, wantsHuman);
    expect(life.ends(second, wantsHuman)).toEqual([]);
    expect(life.state?.outbox.map(({ kind }) => kind)).toEqual([
      "send_whatsapp",
      "hand_over",
    ]);
  });

  test("of an agent with nobody to hand over to goes on with the agent", () => {
    const life = new Life();
    life.agentName = "food";
    const [turn] = life.writes("a human, please");
    expect(kindsOf(life.ends(turn, wantsHuman))).toEqual(["send_whatsapp"]);
    expect(kindsOf(life.writes("hello?"))).toEqual(["answer_turn"]);
  });
});

describe("while people have the conversation", () => {
  test("the agent answers nothing, calls nobody and takes no wish that was written to them", () => {
    const life = new Life();
    life.isHandedOver();
    expect(kindsOf(life.writes("hello?"))).toEqual(["check_handover"]);
    expect(kindsOf(life.writes("please call me"))).toEqual(["check_handover"]);
    expect(life.takes(intent(life.phone))).toEqual([]);
    expect(life.takes(intent(life.phone, { name: "call" }))).toEqual([]);
    expect(life.state?.lines.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["hello?", "please call me"]),
    );
  });

  test("a wish of a call goes its way: there the agent speaks", () => {
    const life = new Life();
    life.isHandedOver();
    life.takes(callStart(life.phone, "CA1"));
    const wish = intent(life.phone, {
      userId: undefined,
      callId: "CA1",
      channel: "voice",
    });
    expect(kindsOf(life.takes(wish))).toEqual(["know_lead"]);
  });

  test("what is written is theirs for as long as they have it", () => {
    const life = new Life();
    life.isHandedOver();
    const [check] = life.writes("hello?");
    expect(life.ends(check, { kind: "handover", isWithHuman: true })).toEqual(
      [],
    );
    expect(life.state?.handover).toMatchObject({ handoverId: "h-1" });
  });

  test("handed back, the agent answers what was written since, and knows what they noted", () => {
    const life = new Life();
    life.isHandedOver();
    const [first] = life.writes("hello?");
    const [second] = life.writes("anybody there?");
    const effects = life.ends(first, {
      kind: "handover",
      isWithHuman: false,
      notes: "a refund of 5000 RWF is agreed",
    });
    expect(kindsOf(effects)).toEqual([
      "publish conversation.updated",
      "answer_turn",
    ]);
    expect(effects[0]).toMatchObject({
      what: { handover: { state: "over", handoverId: "h-1" } },
    });
    expect(effects[1]).toMatchObject({ text: "hello?" });
    expect(
      kindsOf(life.ends(second, { kind: "handover", isWithHuman: false })),
    ).toEqual(["answer_turn"]);
    expect(life.state?.lines.map(({ text }) => text)).toContain(
      "a refund of 5000 RWF is agreed",
    );
    expect(life.state?.handover).toBeUndefined();
  });

  test("their time being up, the agent answers again", () => {
    const life = new Life();
    life.isHandedOver();
    life.nowMs += HOUR_MS;
    const effects = life.writes("hello?");
    expect(kindsOf(effects)).toEqual([
      "publish conversation.updated",
      "answer_turn",
    ]);
  });
});

test("nobody taking it over, the agent goes on", () => {
  const life = new Life();
  const [turn] = life.writes("a human, please");
  const over = life
    .ends(turn, wantsHuman)
    .find(({ kind }) => kind === "hand_over");
  const news = life.ends(over, { kind: "refused", code: "unknown_queue" });
  expect(kindsOf(news)).toEqual(["publish conversation.updated"]);
  expect(kindsOf(life.writes("hello?"))).toEqual(["answer_turn"]);
});
