import type { Timer } from "@easymo/service-kit";
import { vadSettings } from "../hearing/turn-detection.js";
import {
  type ClientEvent,
  type ClientEventOf,
  eventIdOf,
  parseClientEvent,
} from "../protocol/client-events.js";
import { type ErrorDetails, ProtocolError } from "../protocol/errors.js";
import type { ServerEvent } from "../protocol/server-events.js";
import {
  applySessionUpdate,
  defaultSessionConfig,
  type SessionConfig,
  type SessionUpdate,
} from "../protocol/session-config.js";
import { Answering } from "./answering.js";
import { CallerAudio } from "./caller-audio.js";
import { CallerTurns } from "./caller-turns.js";
import { Conversation } from "./conversation.js";
import { Ids } from "./ids.js";
import { IdlePrompt } from "./idle-prompt.js";
import { ItemEvents } from "./item-events.js";
import { Responses } from "./responses.js";
import type { CutPlayback } from "./line.js";
import type { SessionOptions, SessionView } from "./session-options.js";
import { Transcriptions } from "./transcriptions.js";

const CLOSE_GOING_AWAY = 1001;

/** One session of the Realtime protocol: what a client sends goes in, server events come out. */
export class Session {
  readonly #options: SessionOptions;
  readonly #ids = new Ids();
  readonly #conversation = new Conversation(this.#ids.next("conv"));
  readonly #audio: CallerAudio;
  readonly #responses: Responses;
  readonly #items: ItemEvents;
  readonly #idle: IdlePrompt;
  readonly #transcriptions: Transcriptions;
  readonly #turns: CallerTurns;
  readonly #answering: Answering;
  readonly #openedAtMs: number;
  #config: SessionConfig;
  #expiry: Timer | undefined;
  #ended = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock } = options;
    this.#openedAtMs = clock.now();
    this.#config = defaultSessionConfig({
      id: this.#ids.next("sess"),
      model: options.model,
      expiresAtSeconds: Math.floor(
        (clock.now() + options.maxDurationMs) / 1000,
      ),
    });
    const emit = (event: ServerEvent) => this.#emit(event);
    this.#audio = new CallerAudio(clock, (event) => this.#turns.heard(event));
    this.#transcriptions = new Transcriptions(clock, emit);
    this.#responses = new Responses(this.#conversation, {
      ...options,
      ids: this.#ids,
      emit,
      drop: () => this.#drop(),
      done: (spec) => {
        if (spec.conversationId !== null) {
          const { turn_detection } = this.#config.audio.input;
          this.#idle.wait(turn_detection, this.#responses.unplayedMs);
        }
      },
    });
    this.#items = new ItemEvents(this.#conversation, this.#ids, emit);
    this.#idle = new IdlePrompt(clock, (timeoutMs) =>
      this.#turns.prompt(timeoutMs, this.#audio),
    );
    this.#answering = new Answering({
      responses: this.#responses,
      idle: this.#idle,
      faults: options.faults,
      config: () => this.#config,
      reject: (details) => this.#reject(details, null),
      expire: () => this.#expire(),
      sendRaw: (text) => options.transport.send(text),
    });
    this.#turns = new CallerTurns({
      ids: this.#ids,
      conversation: this.#conversation,
      items: this.#items,
      transcriptions: this.#transcriptions,
      config: () => this.#config,
      emit,
      began: () => this.#idle.cancel(),
      interrupt: () => this.#interrupt(),
      answer: () => this.#answering.respondByItself(),
    });
  }

  get id(): string {
    return this.#config.id;
  }

  open(): void {
    this.#expiry = this.#options.clock.setTimeout(
      () => this.#expire(),
      this.#options.maxDurationMs,
    );
    this.#emit({ type: "session.created", session: this.#config });
  }

  /** Takes one message of the client; whatever is wrong with it is answered. */
  receive(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#reject(
        new ProtocolError("invalid_json", "The event is not valid JSON.")
          .details,
        null,
      );
      return;
    }
    try {
      this.#handle(parseClientEvent(value));
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#reject(error.details, eventIdOf(value));
    }
  }

  /** Refuses a message that is no text. */
  receiveBinary(): void {
    this.#reject(
      new ProtocolError("invalid_json", "Events are text frames of JSON.")
        .details,
      null,
    );
  }

  /** Settings that stand before any client says something. @throws ProtocolError */
  configure(update: SessionUpdate): void {
    this.#config = applySessionUpdate(this.#config, update, {
      hasSpoken: false,
    });
  }

  /** Audio of the line, μ-law. */
  hear(mulaw: Buffer): void {
    this.#append(mulaw.toString("base64"));
  }

  /** Something happened on the line. */
  tell(event: ServerEvent): void {
    this.#emit(event);
  }

  /** Tells a client that joins later what the session is. */
  describe(send: (text: string) => void): void {
    if (!this.#ended) {
      send(this.#text({ type: "session.created", session: this.#config }));
    }
  }

  /** The connection has gone: nothing more happens. */
  ended(): void {
    this.#ended = true;
    this.#expiry?.cancel();
    this.#idle.cancel();
    this.#audio.close();
    this.#transcriptions.close();
    this.#responses.abandon();
  }

  view(): SessionView {
    return {
      id: this.#config.id,
      model: this.#config.model,
      openedAtMs: this.#openedAtMs,
      instructions: this.#config.instructions,
      tools: this.#config.tools.map((tool) => tool.name),
      receivedAudioBytes: this.#audio.receivedBytes,
      responses: this.#responses.count,
      items: this.#conversation.entries.map((entry) => entry.item),
    };
  }

  #handle(event: ClientEvent): void {
    switch (event.type) {
      case "input_audio_buffer.append":
        this.#append(event.audio);
        return;
      case "input_audio_buffer.commit":
        this.#turns.commit(this.#audio);
        return;
      case "input_audio_buffer.clear":
        this.#audio.clear();
        this.#emit({ type: "input_audio_buffer.cleared" });
        return;
      case "output_audio_buffer.clear":
        this.#cutPlayback();
        return;
      case "session.update":
        this.#update(event);
        return;
      case "conversation.item.create":
      case "conversation.item.retrieve":
      case "conversation.item.truncate":
      case "conversation.item.delete":
        this.#items.handle(event, this.#config);
        return;
      case "response.create":
        this.#answering.respond(event.response ?? {});
        return;
      case "response.cancel":
        this.#responses.cancel(event.response_id);
        return;
    }
  }

  #update({ session }: ClientEventOf<"session.update">): void {
    this.#config = applySessionUpdate(this.#config, session, {
      hasSpoken: this.#responses.hasSpoken,
    });
    this.#emit({ type: "session.updated", session: this.#config });
  }

  #append(audio: string): void {
    const { format, turn_detection } = this.#config.audio.input;
    this.#audio.append(audio, format, vadSettings(turn_detection));
  }

  /** The caller speaks: what is being said ends, and a line that plays it is cut off. */
  #interrupt(): void {
    this.#responses.interrupt();
    const cut = this.#cutPlayback();
    if (cut) {
      this.#items.cut(cut);
    }
  }

  #cutPlayback(): CutPlayback | undefined {
    const cut = this.#options.line?.cut();
    if (cut) {
      this.#emit({
        type: "output_audio_buffer.cleared",
        response_id: cut.responseId,
      });
    }
    return cut;
  }

  #expire(): void {
    const minutes = Number((this.#options.maxDurationMs / 60_000).toFixed(2));
    const message = `Your session hit the maximum duration of ${minutes} minutes.`;
    this.#reject(
      {
        type: "invalid_request_error",
        code: "session_expired",
        message,
        param: null,
      },
      null,
    );
    this.#options.transport.close(CLOSE_GOING_AWAY, message);
    this.ended();
  }

  #drop(): void {
    this.ended();
    this.#options.transport.terminate();
  }

  #reject(details: ErrorDetails, eventId: string | null): void {
    this.#emit({ type: "error", error: { ...details, event_id: eventId } });
  }

  #emit(event: ServerEvent): void {
    const { line, transport } = this.#options;
    if (!this.#ended && line?.passes(event) !== false) {
      transport.send(this.#text(event));
    }
  }

  #text({ type, ...rest }: ServerEvent): string {
    const event_id = this.#ids.next("event");
    return JSON.stringify({ type, event_id, ...rest });
  }
}
