import { describe, expect, test } from "@jest/globals";
import { decide } from "./decide.js";
import { phrases, spellCode } from "./phrases.js";
import type { OfferedTool, Situation, Step, Turn } from "./types.js";

const string = { type: "string" };
function tool(
  name: string,
  properties: Record<string, unknown>,
  required: string[] = [],
): OfferedTool {
  return { name, parameters: { type: "object", properties, required } };
}
const TOOLS: readonly OfferedTool[] = [
  tool("fetch_lead", {}),
  tool("log_lead", { language: string, tags: { type: "array" } }),
  tool(
    "capture_intent",
    {
      name: string,
      confidence: { type: "number" },
      slots: { type: "object" },
      language: string,
    },
    ["name", "confidence", "slots"],
  ),
  tool("collect_payment", { amount: { type: "integer" }, currency: string }, [
    "amount",
  ]),
  tool(
    "set_disposition",
    { code: { type: "string", enum: ["resolved", "callback"] } },
    ["code"],
  ),
  tool("warm_transfer", { queue: string, reason: string }),
  tool("register_opt_out", { reason: string }),
];

function situation(
  history: readonly Turn[],
  changes: Partial<Situation> = {},
): Situation {
  return {
    instructions:
      "You sell spare parts.\nGreeting: Muraho, this is the parts desk.",
    tools: TOOLS,
    toolChoice: "auto",
    history,
    ...changes,
  };
}
function caller(text: string, language?: string): Turn {
  return { kind: "caller", text, language };
}
function exchange(
  name: string,
  output: unknown,
  callId = `call_${name}`,
): Turn[] {
  return [
    { kind: "call", callId, name, arguments: "{}" },
    { kind: "output", callId, output: JSON.stringify(output) },
  ];
}
function said(step: Step): string {
  if (step.kind !== "say") {
    throw new Error(`a call of ${step.call.name} instead of words`);
  }
  return step.speech.text;
}
function called(step: Step) {
  if (step.kind !== "call") {
    throw new Error(`"${step.speech.text}" instead of a call`);
  }
  return step.call;
}

describe("the offline model", () => {
  test("opens with the agent's greeting", () => {
    expect(said(decide(situation([])))).toBe("Muraho, this is the parts desk.");
    const own = { responseInstructions: 'Greet the caller: "Good day, Ama."' };
    expect(said(decide(situation([], own)))).toBe("Good day, Ama.");
  });

  test("says exactly what it is told to, whatever the conversation is about", () => {
    const step = decide(
      situation([caller("I need a tyre", "en")], {
        responseInstructions: 'Say exactly: "Kanda *182*8*1#."',
      }),
    );
    expect(said(step)).toBe("Kanda *182*8*1#.");
  });

  test.each([
    ["en", "I need brake pads in Remera", "brake pads", "Remera"],
    ["fr", "Je cherche des freins à Remera", "freins", "Remera"],
    ["rw", "Nkeneye feri i Remera", "feri", "Remera"],
    ["sw", "Nahitaji breki huko Remera", "breki", "Remera"],
  ] as const)(
    "in %s: captures what is wanted, looks the person up, logs them, and answers in their language",
    (language, text, item, place) => {
      const history: Turn[] = [caller(text, language)];
      expect(called(decide(situation(history)))).toEqual({
        name: "capture_intent",
        arguments: {
          name: "find_part",
          confidence: 0.9,
          slots: { item, place },
          language,
        },
      });
      history.push(...exchange("capture_intent", { intentId: "i-1" }));
      expect(called(decide(situation(history))).name).toBe("fetch_lead");
      history.push(...exchange("fetch_lead", { lead: null }));
      expect(called(decide(situation(history)))).toEqual({
        name: "log_lead",
        arguments: { language, tags: [item] },
      });
      history.push(...exchange("log_lead", { lead: { leadId: "l-1" } }));
      expect(decide(situation(history))).toEqual({
        kind: "say",
        speech: { text: phrases.noted[language](item, place), language },
      });
    },
  );

  test("logs nobody who is known already, and looks up nobody twice", () => {
    const history = [
      caller("I need brake pads", "en"),
      ...exchange("capture_intent", {}),
      ...exchange("fetch_lead", { lead: { leadId: "l-1" } }),
    ];
    expect(said(decide(situation(history)))).toContain("brake pads");
    history.push(
      { kind: "agent", text: "Noted." },
      caller("I need a chain", "en"),
      ...exchange("capture_intent", {}, "call_2"),
    );
    expect(called(decide(situation(history))).name).toBe("log_lead");
  });

  test("calls only tools that are offered, and says what it cannot do without", () => {
    const without = { tools: [] };
    const ask = (text: string) =>
      said(decide(situation([caller(text, "en")], without)));
    expect(ask("I need a chain")).toBe(
      phrases.heardPart.en("chain", undefined),
    );
    expect(ask("I want to pay 5000 francs")).toBe(
      phrases.cannotTakePayment.en(),
    );
    expect(ask("Let me talk to a person")).toBe(phrases.noTransfer.en());
    expect(ask("Stop calling me")).toBe(phrases.optOutHeard.en());
    expect(ask("Goodbye")).toBe(phrases.goodbye.en());
  });

  test("calls no tool when it may not, and one when it must", () => {
    const pay = [caller("I want to pay 5000 francs", "en")];
    expect(said(decide(situation(pay, { toolChoice: "none" })))).toBe(
      phrases.cannotTakePayment.en(),
    );
    const hello = [caller("Hello", "en")];
    expect(
      called(
        decide(situation(hello, { toolChoice: { name: "register_opt_out" } })),
      ),
    ).toEqual({ name: "register_opt_out", arguments: { reason: "Hello" } });
    expect(
      called(decide(situation(hello, { toolChoice: "required" }))).name,
    ).toBe("fetch_lead");
  });
});

describe("a payment", () => {
  const pay = caller("Ndashaka kwishyura 5000", "rw");

  test("is collected in the currency that was named, or the agent's", () => {
    expect(called(decide(situation([pay])))).toEqual({
      name: "collect_payment",
      arguments: { amount: 5000, currency: "RWF" },
    });
    expect(
      called(decide(situation([caller("I want to pay 20 euros", "en")])))
        .arguments,
    ).toEqual({ amount: 20, currency: "EUR" });
  });

  test("without an amount is asked about, and the number that follows is one", () => {
    const history: Turn[] = [caller("I want to pay", "en")];
    expect(said(decide(situation(history)))).toBe(phrases.askAmount.en());
    history.push(
      { kind: "agent", text: phrases.askAmount.en() },
      caller("5000", "en"),
    );
    expect(called(decide(situation(history))).arguments).toMatchObject({
      amount: 5000,
    });
  });

  test("is read back as the tool answered: the given words, the code key by key, a link, or that it failed", () => {
    const after = (output: unknown) =>
      said(decide(situation([pay, ...exchange("collect_payment", output)])));
    expect(after({ spoken: "Kanda akanyenyeri." })).toBe("Kanda akanyenyeri.");
    expect(after({ method: "momo_ussd", ussd: "*182*8*1#" })).toBe(
      phrases.dial.rw(spellCode("*182*8*1#", "rw")),
    );
    expect(after({ url: "https://pay.example/x" })).toBe(phrases.link.rw());
    expect(after({ method: "manual", instructions: "Pay at the desk." })).toBe(
      "Pay at the desk.",
    );
    expect(after({})).toBe(phrases.paymentNoted.rw());
    expect(
      after({ error: { code: "timeout", message: "took too long" } }),
    ).toBe(phrases.failed.rw("took too long"));
    expect(after({ ok: false })).toBe(phrases.failed.rw(""));
  });
});

describe("a slow tool", () => {
  test("whose output comes after the caller went on talking is still told", () => {
    const [call, output] = exchange("collect_payment", { ussd: "*182#" });
    if (!call || !output) {
      throw new Error("an exchange is a call and its output");
    }
    const history: Turn[] = [
      caller("I want to pay 5000 francs", "en"),
      call,
      caller("Hello?", "en"),
      { kind: "agent", text: "Hello!" },
      output,
    ];
    expect(said(decide(situation(history)))).toBe(
      phrases.dial.en(spellCode("*182#", "en")),
    );
  });
});

describe("other wishes", () => {
  test("a person: transferred, and told so only when it worked", () => {
    const human = caller("Let me talk to a person", "en");
    expect(called(decide(situation([human])))).toEqual({
      name: "warm_transfer",
      arguments: {
        queue: "default",
        reason: human.kind === "caller" ? human.text : "",
      },
    });
    const outcome = (output: unknown) =>
      said(decide(situation([human, ...exchange("warm_transfer", output)])));
    expect(outcome({ queue: "sales" })).toBe(phrases.transferring.en());
    expect(outcome({ error: "nobody is there" })).toBe(
      phrases.failed.en("nobody is there"),
    );
  });

  test("no more calls: registered, confirmed", () => {
    const stop = caller("Ntuzongere kumpamagara", "rw");
    expect(called(decide(situation([stop]))).name).toBe("register_opt_out");
    expect(
      said(decide(situation([stop, ...exchange("register_opt_out", {})]))),
    ).toBe(phrases.optedOut.rw());
  });

  test("goodbye: the disposition is one of the list, and the caller hears goodbye either way", () => {
    const bye = caller("Goodbye", "en");
    expect(called(decide(situation([bye])))).toEqual({
      name: "set_disposition",
      arguments: { code: "resolved" },
    });
    expect(
      said(
        decide(
          situation([bye, ...exchange("set_disposition", { error: "x" })]),
        ),
      ),
    ).toBe(phrases.goodbye.en());
  });

  test("say that again: the last words that were not cut off", () => {
    const history: Turn[] = [
      { kind: "agent", text: "Dial one." },
      { kind: "agent", text: null },
      caller("Say that again", "en"),
    ];
    expect(said(decide(situation(history)))).toBe("Dial one.");
  });

  test("speech that is not understood: how long it was, and what a key would change", () => {
    const text = said(decide(situation([{ kind: "sound", seconds: 2.31 }])));
    expect(text).toContain("2.3 seconds");
    expect(text).toContain("OPENAI_API_KEY");
  });

  test("anything else: that it is not understood, in the caller's language", () => {
    expect(said(decide(situation([caller("Il fait beau", "fr")])))).toBe(
      phrases.unknown.fr(),
    );
  });

  test("silence after its own words: whether someone is there", () => {
    const history: Turn[] = [
      caller("Habari", "sw"),
      { kind: "agent", text: "Habari!" },
    ];
    expect(said(decide(situation(history)))).toBe(phrases.stillThere.sw());
    expect(
      said(decide(situation([...history, { kind: "sound", seconds: 0 }]))),
    ).toBe(phrases.stillThere.sw());
  });
});
