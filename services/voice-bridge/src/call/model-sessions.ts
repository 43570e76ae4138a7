import type { Clock, Timer } from "@easymo/service-kit";
import type { AudioSlice, ModelAudio } from "../media/audio-slice.js";
import type { ModelEvent } from "../model/model-events.js";
import type {
  ModelSession,
  RealtimeModel,
  SessionSetup,
} from "../model/realtime-model.js";
import { HeldAudio } from "./held-audio.js";

/** What a call is told of its sessions. */
export interface ModelSessionsListener {
  ready(): void;
  /** Hot path: `delta` is only valid during the call. */
  audio(delta: ModelAudio): void;
  event(event: ModelEvent): void;
  closed(reason: string, detail: string): void;
  successorReady(): void;
  successorFailed(): void;
}

/**
 * A call's sessions with the model: the present one, and its successor before
 * it expires. What a session says that is neither is not passed on. The
 * caller's audio is held while no session listens.
 */
export class ModelSessions {
  readonly #model: RealtimeModel;
  readonly #setup: SessionSetup;
  readonly #clock: Clock;
  readonly #listener: ModelSessionsListener;
  readonly #held = new HeldAudio();
  #current: ModelSession | undefined;
  #successor: ModelSession | undefined;
  #listening = false;
  #reopening: Timer | undefined;

  constructor(
    model: RealtimeModel,
    setup: SessionSetup,
    clock: Clock,
    listener: ModelSessionsListener,
  ) {
    this.#model = model;
    this.#setup = setup;
    this.#clock = clock;
    this.#listener = listener;
    this.#current = this.#open();
  }

  /** The session that requests go to; undefined while there is none. */
  get current(): ModelSession | undefined {
    return this.#current;
  }

  /** Hot path: the caller's audio, to the model or on hold for it. */
  hear(audio: AudioSlice): void {
    if (this.#listening)
      this.#current?.appendAudio(audio.buffer, audio.start, audio.end);
    else this.#held.hold(audio, "");
  }

  /** The present session is ready: what was held goes first. */
  listen(): void {
    this.#listening = true;
    this.#held.drain((buffer, start, end) =>
      this.#current?.appendAudio(buffer, start, end),
    );
  }

  openSuccessor(): void {
    this.#successor = this.#open();
  }

  /** The successor takes over; it listens from `listen` on. */
  switchToSuccessor(): void {
    this.#current?.close();
    this.#current = this.#successor;
    this.#successor = undefined;
    this.#listening = false;
  }

  /** A new session in place of one that is lost. */
  reopen(delayMs: number): void {
    this.#drop();
    this.#reopening = this.#clock.setTimeout(() => {
      this.#current = this.#open();
    }, delayMs);
  }

  close(): void {
    this.#drop();
    this.#held.drop();
  }

  #drop(): void {
    this.#reopening?.cancel();
    this.#listening = false;
    this.#current?.close();
    this.#current = undefined;
    this.#successor?.close();
    this.#successor = undefined;
  }

  #open(): ModelSession {
    const listener = this.#listener;
    const session: ModelSession = this.#model.open(this.#setup, {
      ready: () => {
        if (session === this.#successor) listener.successorReady();
        else if (session === this.#current) listener.ready();
      },
      audio: (delta) => {
        if (session === this.#current) listener.audio(delta);
      },
      event: (event) => {
        if (session === this.#current) listener.event(event);
      },
      closed: (reason, detail) => this.#closed(session, reason, detail),
    });
    return session;
  }

  #closed(session: ModelSession, reason: string, detail: string): void {
    if (session === this.#successor) {
      this.#successor = undefined;
      this.#listener.successorFailed();
    } else if (session === this.#current) {
      this.#current = undefined;
      this.#listening = false;
      this.#listener.closed(reason, detail);
    }
  }
}
