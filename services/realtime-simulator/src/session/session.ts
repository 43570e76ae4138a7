import type { Timer } from "@easymo/service-kit";
import type { Fault } from "../faults.js";
import type { HearingEvent, Utterance } from "../hearing/input-audio.js";
import { vadSettings } from "../hearing/turn-detection.js";
import {
  type ClientEvent,
  type ClientEventOf,
  eventIdOf,
  parseClientEvent,
  type ResponseParameters,
} from "../protocol/client-events.js";
import { type ErrorDetails, ProtocolError } from "../protocol/errors.js";
import type { ServerEvent } from "../protocol/server-events.js";
import {
  applySessionUpdate,
  defaultSessionConfig,
  type SessionConfig,
} from "../protocol/session-config.js";
import { CallerAudio } from "./caller-audio.js";
import { Conversation } from "./conversation.js";
import { Ids } from "./ids.js";
import { IdlePrompt } from "./idle-prompt.js";
import { ItemEvents } from "./item-events.js";
import { utteranceEntry } from "./new-items.js";
import { Responses } from "./responses.js";
import type { SessionOptions, SessionView } from "./session-options.js";
import { Transcriptions } from "./transcriptions.js";

// "Expected at least 100ms of audio": what the service answers to a commit of less.
const SHORTEST_COMMIT_MS = 100;
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
  readonly #openedAtMs: number;
  #config: SessionConfig;
  /** The item that the speech going on will become. */
  #spokenItemId = "";
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
    this.#audio = new CallerAudio(clock, (event) => this.#heard(event));
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
    this.#idle = new IdlePrompt(clock, (timeoutMs) => this.#prompt(timeoutMs));
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
        this.#commit();
        return;
      case "input_audio_buffer.clear":
        this.#audio.clear();
        this.#emit({ type: "input_audio_buffer.cleared" });
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
        this.#respond(event.response ?? {});
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

  #commit(): void {
    const { bufferedMs } = this.#audio;
    if (bufferedMs < SHORTEST_COMMIT_MS) {
      throw new ProtocolError(
        "input_audio_buffer_commit_empty",
        `Error committing input audio buffer: buffer too small. Expected at least ${SHORTEST_COMMIT_MS}ms of audio, but buffer only has ${bufferedMs.toFixed(2)}ms of audio.`,
      );
    }
    this.#commitUtterance(this.#ids.next("item"), this.#audio.take());
  }

  #respond(parameters: ResponseParameters): void {
    this.#responses.assertIdle(parameters);
    const fault = this.#options.faults.atResponse();
    if (fault && this.#goesWrong(fault)) {
      return;
    }
    this.#idle.cancel();
    this.#responses.create(this.#config, parameters, fault);
  }

  /** Faults that take the place of a response. */
  #goesWrong(fault: Fault): boolean {
    switch (fault.kind) {
      case "error_event":
        this.#reject(
          {
            type: "server_error",
            code: fault.code,
            message: fault.message,
            param: null,
          },
          null,
        );
        return true;
      case "expire_session":
        this.#expire();
        return true;
      case "garbage":
        this.#options.transport.send('{"type":"response.crea\u0000');
        return false;
      default:
        return false;
    }
  }

  #heard(event: HearingEvent): void {
    const detection = this.#config.audio.input.turn_detection;
    if (event.kind === "started") {
      this.#idle.cancel();
      this.#spokenItemId = this.#ids.next("item");
      this.#emit({
        type: "input_audio_buffer.speech_started",
        audio_start_ms: Math.round(event.startMs),
        item_id: this.#spokenItemId,
      });
      if (detection?.interrupt_response) {
        this.#responses.interrupt();
      }
      return;
    }
    this.#emit({
      type: "input_audio_buffer.speech_stopped",
      audio_end_ms: Math.round(event.utterance.endMs),
      item_id: this.#spokenItemId,
    });
    this.#commitUtterance(this.#spokenItemId, event.utterance);
    if (detection?.create_response) {
      this.#respondByItself();
    }
  }

  /** A response that no client event asked for: what is wrong with it names none. */
  #respondByItself(): void {
    try {
      this.#respond({});
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#reject(error.details, null);
    }
  }

  #commitUtterance(itemId: string, utterance: Utterance): void {
    const entry = utteranceEntry(itemId, utterance.audio);
    const previous = this.#conversation.insert(entry);
    this.#emit({
      type: "input_audio_buffer.committed",
      previous_item_id: previous,
      item_id: itemId,
    });
    this.#items.announce(entry, previous);
    const { transcription } = this.#config.audio.input;
    if (transcription) {
      this.#transcriptions.begin(entry, transcription.model);
    }
  }

  /** The caller has been silent for too long: what there is of audio is an item, and is answered. */
  #prompt(timeoutMs: number): void {
    const itemId = this.#ids.next("item");
    const utterance = this.#audio.take();
    this.#emit({
      type: "input_audio_buffer.timeout_triggered",
      audio_start_ms: Math.max(0, Math.round(utterance.endMs - timeoutMs)),
      audio_end_ms: Math.round(utterance.endMs),
      item_id: itemId,
    });
    this.#commitUtterance(itemId, utterance);
    this.#respondByItself();
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
    if (!this.#ended) {
      const { type, ...rest } = event;
      const event_id = this.#ids.next("event");
      this.#options.transport.send(JSON.stringify({ type, event_id, ...rest }));
    }
  }
}
