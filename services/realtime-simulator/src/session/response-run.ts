import type { Timer } from "@easymo/service-kit";
import { MULAW_BYTES_PER_MS } from "@easymo/telephone-audio";
import { decide } from "../brain/decide.js";
import { exactText } from "../brain/exact-speech.js";
import type { Speech, Step, ToolCall } from "../brain/types.js";
import { toWire } from "../hearing/audio-format.js";
import type { ConversationItem, ItemStatus } from "../protocol/items.js";
import type {
  ResponseResource,
  ResponseStatus,
  ResponseStatusDetails,
} from "../protocol/server-events.js";
import type { Entry } from "./conversation.js";
import { callEvents, callTokens, newCallItem } from "./output-call.js";
import { OutputMessage } from "./output-message.js";
import {
  rateLimits,
  type ResponseSpec,
  type ResponseSurroundings,
} from "./response-spec.js";
import { planSpeech, planText } from "./speech-plan.js";
import { addTokens, NO_TOKENS, type Tokens, usageOf } from "./tokens.js";

/** One response, from `response.created` to `response.done`. */
export class ResponseRun {
  readonly spec: ResponseSpec;
  readonly #around: ResponseSurroundings;
  readonly #output: ConversationItem[] = [];
  #status: ResponseStatus = "in_progress";
  #details: ResponseStatusDetails | null = null;
  #used: Tokens = NO_TOKENS;
  #message: OutputMessage | undefined;
  #timer: Timer | undefined;
  #finished = false;

  constructor(spec: ResponseSpec, around: ResponseSurroundings) {
    this.spec = spec;
    this.#around = around;
  }

  start(): void {
    const { fault, situation } = this.spec;
    this.#around.emit({ type: "response.created", response: this.#resource() });
    this.#around.emit(rateLimits(this.spec.tokensLeft));
    if (fault?.kind === "drop_connection" && fault.at === "response") {
      this.#around.drop();
      return;
    }
    if (fault?.kind === "never_answer") {
      return;
    }
    const step = this.#misheard(decide(situation));
    const delayMs = fault?.kind === "delay" ? fault.delayMs : 0;
    // Synthesis takes its time while the model "thinks".
    Promise.all([this.#audioOf(step), this.#think(delayMs)]).then(
      ([audio]) => this.#answer(step, audio),
      (error: unknown) => {
        this.#around.logger.error({ err: error }, "the response failed");
        this.#fail("server_error", "The response could not be spoken.");
      },
    );
  }

  /** Ends it early; what was being said stays as it is. */
  cancel(reason: "turn_detected" | "client_cancelled"): void {
    if (!this.#finished) {
      this.#finish("cancelled", { type: "cancelled", reason });
    }
  }

  /** Nobody is listening any more. */
  abandon(): void {
    this.#finished = true;
    this.#timer?.cancel();
  }

  /** What was to be said word for word may come out with a wrong digit. */
  #misheard(step: Step): Step {
    const exact = exactText(this.spec.situation.responseInstructions);
    if (step.kind === "call" || exact === undefined) {
      return step;
    }
    const text = this.#around.faults.mishear(step.speech.text);
    return { kind: "say", speech: { ...step.speech, text } };
  }

  #audioOf(step: Step): Promise<Buffer> {
    return step.kind === "say" && this.spec.modality === "audio"
      ? this.#around.voice.speak(step.speech.text, step.speech.language)
      : Promise.resolve(Buffer.alloc(0));
  }

  #think(delayMs: number): Promise<void> {
    const { clock, pace } = this.#around;
    return new Promise((resolve) => {
      this.#timer = clock.setTimeout(resolve, pace.thinkMs + delayMs);
    });
  }

  #answer(step: Step, audio: Buffer): void {
    if (this.#finished) {
      return;
    }
    const { fault } = this.spec;
    if (fault?.kind === "fail_response") {
      this.#fail(fault.code, fault.message);
    } else if (step.kind === "call") {
      this.#call(step.call);
    } else if (this.spec.modality === "audio") {
      this.#speak(step.speech, audio);
    } else {
      this.#write(step.speech.text);
    }
  }

  #speak(speech: Speech, mulaw: Buffer): void {
    const { chunkMs } = this.#around.pace;
    const plan = planSpeech(speech.text, mulaw, {
      chunkMs,
      maxTokens: this.#maxTokens(),
    });
    const message = this.#openMessage();
    const send = (index: number): void => {
      const chunk = plan.chunks[index];
      if (!chunk) {
        this.#complete(plan.cutShort);
        return;
      }
      const { format, fault } = this.spec;
      const durationMs = chunk.audio.length / MULAW_BYTES_PER_MS;
      this.#around.spoke(durationMs);
      message.speak(chunk.words, toWire(chunk.audio, format), chunk.audio);
      if (fault?.kind === "drop_connection") {
        this.#around.drop();
        return;
      }
      const pauseMs = durationMs / this.#around.pace.speed;
      if (index + 1 === plan.chunks.length) {
        this.#complete(plan.cutShort);
      } else {
        this.#timer = this.#around.clock.setTimeout(
          () => send(index + 1),
          pauseMs,
        );
      }
    };
    send(0);
  }

  #write(text: string): void {
    const plan = planText(text, this.#maxTokens());
    const message = this.#openMessage();
    for (const piece of plan.pieces) {
      message.write(piece);
    }
    this.#complete(plan.cutShort);
  }

  #call(call: ToolCall): void {
    const item = newCallItem(this.#around.ids, call);
    const entry: Entry = { item, audioMs: 0 };
    const previous = this.#added(entry);
    const where = { response_id: this.spec.id, output_index: 0 };
    for (const event of callEvents(
      item,
      where,
      JSON.stringify(call.arguments),
    )) {
      this.#around.emit(event);
    }
    this.#used = addTokens(this.#used, callTokens(item));
    this.#itemDone(item, previous, "completed");
    this.#finish("completed", { type: "completed" });
  }

  #openMessage(): OutputMessage {
    const message = new OutputMessage({
      id: this.#around.ids.next("item"),
      responseId: this.spec.id,
      outputIndex: this.#output.length,
      modality: this.spec.modality,
      emit: (event) => this.#around.emit(event),
    });
    message.previousItemId = this.#added(message.entry);
    message.open();
    this.#message = message;
    return message;
  }

  #added(entry: Entry): string | null {
    const { item } = entry;
    this.#output.push(item);
    this.#around.emit({
      type: "response.output_item.added",
      response_id: this.spec.id,
      output_index: this.#output.length - 1,
      item,
    });
    if (this.spec.conversationId === null) {
      return null;
    }
    const previous = this.#around.place(entry);
    this.#around.emit({
      type: "conversation.item.added",
      previous_item_id: previous,
      item,
    });
    return previous;
  }

  #itemDone(
    item: ConversationItem,
    previous: string | null,
    status: ItemStatus,
  ): void {
    item.status = status;
    if (this.spec.conversationId !== null) {
      this.#around.emit({
        type: "conversation.item.done",
        previous_item_id: previous,
        item,
      });
    }
    this.#around.emit({
      type: "response.output_item.done",
      response_id: this.spec.id,
      output_index: this.#output.indexOf(item),
      item,
    });
  }

  #complete(cutShort: boolean): void {
    if (cutShort) {
      this.#finish("incomplete", {
        type: "incomplete",
        reason: "max_output_tokens",
      });
    } else {
      this.#finish("completed", { type: "completed" });
    }
  }

  #fail(code: string, message: string): void {
    if (!this.#finished) {
      const error = { type: "server_error", code, message };
      this.#finish("failed", { type: "failed", error });
    }
  }

  #finish(
    status: Exclude<ResponseStatus, "in_progress">,
    details: ResponseStatusDetails,
  ): void {
    this.#finished = true;
    this.#timer?.cancel();
    const message = this.#message;
    if (message) {
      message.close();
      this.#used = addTokens(this.#used, message.tokens());
      this.#itemDone(
        message.item,
        message.previousItemId,
        status === "completed" ? "completed" : "incomplete",
      );
    }
    this.#status = status;
    this.#details = details;
    this.#around.emit({ type: "response.done", response: this.#resource() });
    this.#around.done(this.spec);
  }

  #maxTokens(): number {
    const { maxOutputTokens } = this.spec;
    return maxOutputTokens === "inf" ? Infinity : maxOutputTokens;
  }

  #resource(): ResponseResource {
    const { spec } = this;
    const done = this.#status !== "in_progress";
    return {
      object: "realtime.response",
      id: spec.id,
      status: this.#status,
      status_details: this.#details,
      output: done ? this.#output : [],
      conversation_id: spec.conversationId,
      output_modalities: [spec.modality],
      max_output_tokens: spec.maxOutputTokens,
      audio: { output: { format: spec.format, voice: spec.voice } },
      usage: done ? usageOf(spec.input, this.#used, spec.earlierInput) : null,
      metadata: spec.metadata,
    };
  }
}
