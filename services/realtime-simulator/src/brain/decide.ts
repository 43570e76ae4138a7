import { lastSaid, type Standing, standingOf } from "./conversation.js";
import { exactText, greetingIn, quotedText } from "./exact-speech.js";
import { detectLanguage } from "./language.js";
import { phrases } from "./phrases.js";
import { replyToTools } from "./tool-replies.js";
import { nextCall } from "./tools.js";
import type { Language, Situation, Step } from "./types.js";

/** What the offline model does next. It sees only what the real one would: instructions, tools, and the conversation. */
export function decide(situation: Situation): Step {
  const exact = exactText(situation.responseInstructions);
  if (exact !== undefined) {
    return say(exact, detectLanguage(exact) ?? standingOf(situation).language);
  }
  const standing = standingOf(situation);
  if (standing.outputIsNew) {
    return continueAfterTools(situation, standing);
  }
  if (standing.heard && !standing.answered) {
    return answer(situation, standing);
  }
  return takeTheWord(situation, standing);
}

function continueAfterTools(situation: Situation, standing: Standing): Step {
  const call = nextCall(situation, standing);
  return call
    ? { kind: "call", call }
    : say(replyToTools(standing), standing.language);
}

function answer(situation: Situation, standing: Standing): Step {
  const { language, heard } = standing;
  const call = nextCall(situation, standing);
  if (call) {
    return { kind: "call", call };
  }
  if (heard?.kind === "sound") {
    if (heard.seconds === 0) {
      return say(phrases.stillThere[language](), language);
    }
    return say(phrases.sound[language](heard.seconds.toFixed(1)), language);
  }
  return say(wordsFor(situation, standing), language);
}

/** The answer to a wish for which no tool was, or could be, called. */
function wordsFor(situation: Situation, standing: Standing): string {
  const { language, intent } = standing;
  switch (intent.name) {
    case "greeting":
      return phrases.greeting[language]();
    case "find_part":
      return intent.item === undefined
        ? phrases.askPart[language]()
        : phrases.heardPart[language](intent.item, intent.place);
    case "ask_price":
      return phrases.price[language]();
    case "pay":
      return intent.amount
        ? phrases.cannotTakePayment[language]()
        : phrases.askAmount[language]();
    case "human":
      return phrases.noTransfer[language]();
    case "opt_out":
      return phrases.optOutHeard[language]();
    case "goodbye":
      return phrases.goodbye[language]();
    case "repeat":
      return lastSaid(situation.history) ?? phrases.nothingToRepeat[language]();
    case "unknown":
      return phrases.unknown[language]();
  }
}

/** Nobody has asked anything: the agent greets, says what this response is for, or asks whether someone is there. */
function takeTheWord(situation: Situation, standing: Standing): Step {
  const own = situation.responseInstructions ?? "";
  const text =
    greetingIn(own) ??
    quotedText(own) ??
    (standing.heard === undefined && lastSaid(situation.history) === undefined
      ? greetingIn(situation.instructions)
      : undefined);
  if (text !== undefined) {
    return say(text, detectLanguage(text) ?? standing.language);
  }
  const { language } = standing;
  const opening =
    lastSaid(situation.history) === undefined || /\bgreet/i.test(own)
      ? phrases.greeting[language]()
      : phrases.stillThere[language]();
  return say(opening, language);
}

function say(text: string, language: Language): Step {
  return { kind: "say", speech: { text, language } };
}
