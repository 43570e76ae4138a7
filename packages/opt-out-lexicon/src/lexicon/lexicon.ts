import type { Language } from "../language.js";
import type { WordSets } from "../pattern.js";

/** Requests that are told from other sentences in the same way. */
export interface RequestRule {
  readonly patterns: readonly string[];
  /**
   * What may come next. `anything` (default) but a limit; `closing`: the end or
   * a courtesy; `addressed`: the end or a word that continues the sentence, and
   * not a name ("stop calling me boss" is no request).
   */
  readonly follow?: "anything" | "closing" | "addressed";
  /** Only as the first thing said, courtesies aside. */
  readonly opening?: boolean;
  /** "Don't call me" may be meant for now; "don't call me again" may not. */
  readonly weak?: boolean;
  /** About being called or written to: "don't call, write" asks for another channel. */
  readonly contact?: boolean;
  /** Holds whatever its time or place: "take me off your list on Monday". */
  readonly absolute?: boolean;
  /**
   * Whose sentence it may not be: an order has no subject ("they never call
   * me"), a wish is the speaker's own ("you don't want any messages").
   */
  readonly voice?: "order" | "wish";
  /** Holds whatever comes before. */
  readonly unguarded?: boolean;
}

/** How people of one language ask not to be contacted any more. */
export interface Lexicon {
  readonly language: Language;
  readonly sets: WordSets;
  /** As a whole message, courtesies aside. */
  readonly keywords: readonly string[];
  /** As a whole message and nothing else: words with many other uses. */
  readonly bareKeywords: readonly string[];
  /** As a whole message, courtesies aside: asks to be contacted again. */
  readonly optInKeywords: readonly string[];
  /** What may stand around a keyword without changing it. */
  readonly courtesies: readonly string[];
  readonly requests: readonly RequestRule[];
  /** Right before a request these make it none: negations, questions, reports. */
  readonly before: readonly string[];
  /** Right before an order these make it a statement. */
  readonly subjects: readonly string[];
  /** Right before a wish these make it somebody else's. */
  readonly others: readonly string[];
  /** Right after a request: it is about some hours or ways only. */
  readonly limits: readonly string[];
  /** Right after a weak request: it is about this moment only. */
  readonly moments: readonly string[];
  /** Right after a request about one channel: asks for another. */
  readonly otherChannels: readonly string[];
  /** Words that go on after an `addressed` request. */
  readonly continuations: string;
}
