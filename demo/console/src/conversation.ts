import { maybeText } from "./fields.js";
import { Transcript } from "./transcript.js";
import { TranscriptView } from "./transcript-view.js";
import { TurnsView } from "./turns-view.js";
import type { FeedEntry } from "./wire.js";

/** Events may come before the telephone says which call they are of. */
const MAX_EARLY = 50;

/** What is said in the call that the telephone is in, or was in last. */
export class Conversation {
  readonly #view = new TranscriptView();
  readonly #turns = new TurnsView();
  #transcript = new Transcript();
  #callId: string | undefined;
  #early: FeedEntry[] = [];

  /** A new call: the page is turned. */
  begin(callId: string): void {
    this.#callId = callId;
    this.#transcript = new Transcript();
    this.#turns.clear();
    for (const entry of this.#early.splice(0)) this.apply(entry);
    this.#view.render(this.#transcript.lines);
  }

  apply(entry: FeedEntry): void {
    if (maybeText(entry.data, "callId") !== this.#callId) {
      this.#early = [...this.#early, entry].slice(-MAX_EARLY);
      return;
    }
    this.#transcript.apply(entry);
    this.#turns.apply(entry);
    this.#view.render(this.#transcript.lines);
  }

  callerSays(text: string): void {
    this.#transcript.callerSays(text);
    this.#view.render(this.#transcript.lines);
  }

  carrierSays(text: string): void {
    this.#transcript.carrierSays(text);
    this.#view.render(this.#transcript.lines);
  }

  note(text: string): void {
    this.#transcript.note(text);
    this.#view.render(this.#transcript.lines);
  }
}
