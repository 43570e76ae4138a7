import { describe, expect, test } from "@jest/globals";
import { amountIn } from "./amounts.js";
import { exactText, greetingIn } from "./exact-speech.js";
import { understand } from "./intents.js";
import { detectLanguage, knownLanguage } from "./language.js";
import type { Language } from "./types.js";

describe("understanding a caller", () => {
  test.each<[Language, string, string, string | undefined]>([
    [
      "en",
      "I need brake pads for a moto in Kimironko",
      "brake pads for a moto",
      "Kimironko",
    ],
    [
      "en",
      "Hello, I'm looking for a rear tyre, please.",
      "rear tyre",
      undefined,
    ],
    ["en", "Do you have spark plugs near Remera?", "spark plugs", "Remera"],
    ["en", "I want to buy a chain", "chain", undefined],
    [
      "fr",
      "J'ai besoin de plaquettes de frein pour une moto à Kimironko",
      "plaquettes de frein pour une moto",
      "Kimironko",
    ],
    [
      "fr",
      "Bonjour, je cherche un pneu arrière, s'il vous plaît",
      "pneu arrière",
      undefined,
    ],
    ["rw", "Nkeneye feri za moto i Kimironko", "feri za moto", "Kimironko"],
    ["rw", "Ndashaka kugura amapine", "amapine", undefined],
    [
      "sw",
      "Nahitaji breki za pikipiki huko Kigali",
      "breki za pikipiki",
      "Kigali",
    ],
    ["sw", "Natafuta tairi tafadhali", "tairi", undefined],
  ])("%s: %s", (language, text, item, place) => {
    expect(understand(text, language)).toEqual({
      name: "find_part",
      item,
      ...(place === undefined ? {} : { place }),
    });
  });

  test.each<[Language, string, string]>([
    ["en", "let me talk to a person", "human"],
    ["en", "I want to speak with someone", "human"],
    ["fr", "Je veux parler à quelqu'un", "human"],
    ["rw", "Ndashaka kuvugana n'umuntu", "human"],
    ["sw", "Nataka kuzungumza na mtu", "human"],
    ["en", "Please stop calling me!", "opt_out"],
    ["en", "don’t call me again", "opt_out"],
    ["fr", "Ne m’appelez plus", "opt_out"],
    ["rw", "Ntuzongere kumpamagara", "opt_out"],
    ["sw", "Usinipigie simu tena", "opt_out"],
    ["en", "How much is a chain?", "ask_price"],
    ["fr", "C'est combien ?", "ask_price"],
    ["rw", "Ni angahe?", "ask_price"],
    ["sw", "Bei gani?", "ask_price"],
    ["en", "Goodbye then", "goodbye"],
    ["fr", "Merci, au revoir", "goodbye"],
    ["rw", "Murakoze, murabeho", "goodbye"],
    ["sw", "Asante, kwaheri", "goodbye"],
    ["en", "Good morning", "greeting"],
    ["fr", "Allô ?", "greeting"],
    ["rw", "Muraho neza", "greeting"],
    ["sw", "Habari za asubuhi", "greeting"],
    ["en", "Say that again", "repeat"],
    ["en", "The weather is nice", "unknown"],
    ["en", "Don't stop helping me", "unknown"],
  ])("%s: %s is %s", (language, text, name) => {
    expect(understand(text, language).name).toBe(name);
  });

  test.each<[Language, string, number, string | undefined]>([
    ["en", "I want to pay 5000 francs", 5000, "RWF"],
    ["en", "I'd like to pay five thousand", 5000, undefined],
    ["en", "Can I pay 12,500 RWF now", 12_500, "RWF"],
    ["fr", "Je voudrais payer 5 000 francs", 5000, "RWF"],
    ["rw", "Ndashaka kwishyura amafaranga 5000", 5000, "RWF"],
    ["sw", "Nataka kulipa elfu tano", 5000, undefined],
  ])("%s: %s", (language, text, value, currency) => {
    expect(understand(text, language)).toEqual({
      name: "pay",
      amount: currency === undefined ? { value } : { value, currency },
    });
  });
});

describe("amounts", () => {
  test.each<[string, number | undefined]>([
    ["5k", 5000],
    ["20 euros", 20],
    ["1.250.000", 1_250_000],
    ["ibihumbi bitanu", 5000],
    ["deux cents", 200],
    ["call me on +250788123456", undefined],
    ["nothing", undefined],
  ])("%s", (text, value) => {
    expect(amountIn(text)?.value).toBe(value);
  });
});

describe("languages", () => {
  test.each<[string, Language | undefined]>([
    ["I need brake pads", "en"],
    ["Je cherche un pneu", "fr"],
    ["Muraho, nkeneye feri", "rw"],
    ["Habari, nahitaji breki", "sw"],
    ["Muraho, you are speaking with the spare parts desk.", "en"],
    ["12345", undefined],
  ])("%s", (text, language) => {
    expect(detectLanguage(text)).toBe(language);
  });

  test("are known by their tags", () => {
    expect(knownLanguage("fr-RW")).toBe("fr");
    expect(knownLanguage("SW")).toBe("sw");
    expect(knownLanguage("de")).toBeUndefined();
    expect(knownLanguage("toString")).toBeUndefined();
  });
});

describe("instructions", () => {
  test("that want a text said exactly give it whole, line breaks and quotes included", () => {
    expect(exactText('Say exactly: "Dial *182#.\nThen "1"."')).toBe(
      'Dial *182#.\nThen "1".',
    );
    expect(exactText("SAY EXACTLY the following: “Murakoze”")).toBe("Murakoze");
    expect(exactText("Say hello")).toBeUndefined();
    expect(exactText(undefined)).toBeUndefined();
  });

  test.each([
    'Greet the caller with "Muraho, welcome."',
    "You sell parts.\nGreeting: Muraho, welcome.\nBe brief.",
    'Begin by saying: "Muraho, welcome."',
  ])("that give a greeting: %s", (instructions) => {
    expect(greetingIn(instructions)).toBe("Muraho, welcome.");
  });

  test("that quote something else give no greeting", () => {
    expect(greetingIn('Never say "cheap".')).toBeUndefined();
  });
});
