import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { detectOptIn, detectOptOut } from "./detect.js";
import { wordsOf } from "./words.js";

describe("a word that every language knows", () => {
  test.each([
    "STOP",
    "stop",
    "Stop.",
    "STOP!!!",
    " 🛑 stop 🛑 ",
    "“Stop”",
    "s.t.o.p",
    "S-T-O-P",
    "ＳＴＯＰ",
    "🅂🅃🄾🄿",
    "stöp",
    "stoooop",
    "st\u200bop",
    "STOP STOP STOP",
    "stop please",
    "stop svp merci",
    "nyamuneka stop",
    "tafadhali stop",
    "ok stop now",
    "no, stop",
  ])("is heard without a language: %j", (text) => {
    expect(detectOptOut(text)).toMatchObject({
      language: undefined,
      phrase: expect.stringMatching(/^stop$/),
    });
  });

  test("counts once among other keywords", () => {
    expect(detectOptOut("STOP ALL")?.phrase).toBe("stop all");
    expect(detectOptOut("unsubscribe stop")).toEqual({
      phrase: "unsubscribe",
      language: "en",
    });
  });

  test("is nothing inside a longer sentence", () => {
    for (const text of ["stop sign", "the stop", "stop 2", "stop car"]) {
      expect(detectOptOut(text)).toBeUndefined();
    }
  });
});

describe("an agent's own phrases", () => {
  const phrases = [
    "Désinscris ce client",
    "no more parts, ever",
    "9",
    "stop",
    "",
  ];

  test.each([
    ["ok, desinscris CE client!", "desinscris ce client"],
    ["I want no more parts ever again", "no more parts ever"],
    ["9", "9"],
  ])("are matched as words anywhere: %s", (text, phrase) => {
    expect(detectOptOut(text, { phrases })).toEqual({
      phrase,
      language: undefined,
    });
  });

  test.each([
    "désinscrisce client",
    "no more spare parts ever",
    "99",
    "the bus stop",
    "",
    "!!!",
  ])("are not matched in part: %j", (text) => {
    expect(detectOptOut(text, { phrases })).toBeUndefined();
  });

  test("are not meant when they are negated", () => {
    const own = { phrases: ["end this for good"] };
    expect(detectOptOut("please end this for good", own)).toBeDefined();
    expect(detectOptOut("don't end this for good", own)).toBeUndefined();
    expect(detectOptOut("how do I end this for good", own)).toBeUndefined();
  });

  test("that the lexicon knows too are told with their language", () => {
    expect(
      detectOptOut("ntuzongere kumpamagara", {
        phrases: ["ntuzongere kumpamagara"],
      }),
    ).toEqual({ phrase: "ntuzongere kumpamagara", language: "rw" });
  });
});

describe("opting in again", () => {
  test.each([
    ["START", "start", undefined],
    ["Unstop", "unstop", undefined],
    ["un-stop please", "unstop", undefined],
    ["start again", "start again", "en"],
    ["Subscribe", "subscribe", "en"],
    ["opt in", "optin", "en"],
    ["Reprendre svp", "reprendre", "fr"],
    ["réabonnez-moi", "reabonnez moi", "fr"],
    ["TANGIRA", "tangira", "rw"],
    ["ongera utangire", "ongera utangire", "rw"],
    ["Anza", "anza", "sw"],
    ["anza tena tafadhali", "anza tena", "sw"],
    ["jiunge", "jiunge", "sw"],
  ])("is heard: %s", (text, phrase, language) => {
    expect(detectOptIn(text)).toEqual({ phrase, language });
    expect(detectOptOut(text)).toBeUndefined();
  });

  test.each([
    "yes",
    "oui",
    "yego",
    "ndiyo",
    "ok",
    "the moto does not start",
    "start the engine",
    "when do you start",
    "tangira akazi ejo",
    "anza kazi kesho",
    "STOP",
    "",
  ])("is not heard in: %j", (text) => {
    expect(detectOptIn(text)).toBeUndefined();
  });
});

const requests = [
  "stop",
  "unsubscribe",
  "please stop calling me",
  "don't call me again",
  "take me off your list",
  "ne m'appelez plus",
  "arrêtez de m'appeler",
  "ntuzongere kumpamagara",
  "mureke kumpamagara",
  "usinipigie tena",
  "acha kunipigia",
];
const others = [
  "don't stop calling me",
  "the bus stop",
  "don't stop helping me",
  "je ne veux pas arrêter",
  "ntukareke kumpamagara",
  "usiache kunipigia",
  "hello, how much are the brake pads",
];

const noise = fc
  .array(
    fc.constantFrom(
      ...' \n\t.,;:!?-_/()[]"«»“”…*#🙏😡🛑👍🏽❤️🇷🇼'.normalize().match(/./gsu)!,
    ),
    { maxLength: 5 },
  )
  .map((marks) => marks.join(""));

/** The same words, dressed up: other case, marks and emoji between them. */
const dressed = (text: string) => {
  const words = text.split(" ");
  return fc
    .tuple(
      fc.array(noise, { minLength: words.length, maxLength: words.length }),
      fc.array(fc.boolean(), {
        minLength: text.length,
        maxLength: text.length,
      }),
    )
    .map(([marks, capitals]) =>
      words
        .map((word, index) => `${marks[index] ?? ""} ${word}`)
        .join(" ")
        .replace(/\p{L}/gu, (letter, at: number) =>
          capitals[at % capitals.length] === true
            ? letter.toUpperCase()
            : letter,
        ),
    );
};

describe("whatever the text", () => {
  test("case, punctuation and emoji change nothing", () => {
    for (const text of [...requests, ...others]) {
      const plain = detectOptOut(text);
      fc.assert(
        fc.property(dressed(text), (fancy) => {
          expect(detectOptOut(fancy)).toEqual(plain);
        }),
        { numRuns: 60 },
      );
    }
    expect(requests.every((text) => detectOptOut(text))).toBe(true);
    expect(others.some((text) => detectOptOut(text))).toBe(false);
  });

  test("every kind of apostrophe, or none, is the same", () => {
    for (const mark of ["'", "’", "‘", "ʼ", "`", "´", "′", "＇", "", " "]) {
      expect(detectOptOut(`don${mark}t call me again`)).toBeDefined();
      expect(detectOptOut(`ne m${mark}appelez plus`)).toBeDefined();
    }
  });

  test("nothing is thrown", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
        (text, phrases) => {
          detectOptOut(text, { phrases });
          detectOptIn(text);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("a request is found among random words, with what was heard in the text", () => {
    const filler = fc.constantFrom("mango", "tatu", "42", "brake", "umuceri");
    fc.assert(
      fc.property(
        fc.array(filler, { maxLength: 30 }),
        fc.constantFrom(...requests.slice(2)),
        (before, request) => {
          const text = [...before, request].join(" ");
          const found = detectOptOut(text);
          expect(found).toBeDefined();
          expect(wordsOf(text).join(" ")).toContain(found!.phrase);
        },
      ),
    );
  });

  test("of a megabyte, however unkind, takes time linear in it", () => {
    const unkind = [
      "stop ",
      "stop",
      "a ",
      "s t o p ",
      "dont stop calling me ",
      "dont dont never not you please ",
      "how do i can we should ",
      "remove my phone number contact details from the the the ",
      "stop sending me all these so many of your ",
      "🛑",
      "m ",
      "é",
      "don t ",
      "ne ",
      "dont want any any more such ",
    ];
    const timeOf = (text: string): number => {
      const startMs = performance.now();
      detectOptOut(text, { phrases: ["stop stopping me", "a b a b"] });
      return performance.now() - startMs;
    };
    for (const piece of unkind) {
      const text = piece.repeat(Math.ceil(1_048_576 / piece.length));
      expect([piece, timeOf(text) < 5_000]).toEqual([piece, true]);
    }
  });
});
