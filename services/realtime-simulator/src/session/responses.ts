import type { Clock } from "@easymo/service-kit";
import type { Fault } from "../faults.js";
import type { ResponseParameters } from "../protocol/client-events.js";
import { ProtocolError } from "../protocol/errors.js";
import type {
  FunctionTool,
  SessionConfig,
  ToolChoice,
} from "../protocol/session-config.js";
import { type Conversation, type Entry, turnsOf } from "./conversation.js";
import { entryOf } from "./new-items.js";
import { ResponseRun } from "./response-run.js";
import {
  type ResponseSpec,
  type ResponseSurroundings,
  TOKENS_PER_MINUTE,
} from "./response-spec.js";
import { addTokens, itemTokens, NO_TOKENS, promptTokens } from "./tokens.js";

/**
 * The responses of a session: at most one at a time belongs to the
 * conversation, any number may run beside it.
 */
export class Responses {
  readonly #clock: Clock;
  readonly #conversation: Conversation;
  readonly #around: ResponseSurroundings;
  #active: ResponseRun | undefined;
  readonly #outOfBand = new Set<ResponseRun>();
  #earlierInput = NO_TOKENS;
  #tokensUsed = 0;
  #count = 0;
  /** When a client that plays at once what it gets has played it all. */
  #playedByMs = 0;

  constructor(
    conversation: Conversation,
    around: Omit<ResponseSurroundings, "spoke" | "place">,
  ) {
    this.#clock = around.clock;
    this.#conversation = conversation;
    this.#around = {
      ...around,
      emit: (event) => around.emit(event),
      drop: () => around.drop(),
      place: (entry) => conversation.insert(entry),
      spoke: (durationMs) => {
        const now = this.#clock.monotonicMs();
        this.#playedByMs = Math.max(this.#playedByMs, now) + durationMs;
      },
      done: (spec) => {
        this.#settle(spec);
        around.done(spec);
      },
    };
  }

  get count(): number {
    return this.#count;
  }

  get active(): boolean {
    return this.#active !== undefined;
  }

  /** Whether the session has been heard: its voice is fixed from then on. */
  get hasSpoken(): boolean {
    return this.#playedByMs > 0;
  }

  /** Audio that has been sent and cannot have been played yet. */
  get unplayedMs(): number {
    return Math.max(0, this.#playedByMs - this.#clock.monotonicMs());
  }

  /** @throws ProtocolError while another response of the conversation is active. */
  assertIdle(parameters: ResponseParameters): void {
    if (this.#active && parameters.conversation !== "none") {
      throw new ProtocolError(
        "conversation_already_has_active_response",
        `Conversation already has an active response in progress: ${this.#active.spec.id}. Wait until the response is finished before creating a new one.`,
      );
    }
  }

  create(
    config: SessionConfig,
    parameters: ResponseParameters,
    fault: Fault | undefined,
  ): void {
    this.assertIdle(parameters);
    const run = new ResponseRun(
      this.#specOf(config, parameters, fault),
      this.#around,
    );
    this.#count++;
    if (run.spec.conversationId === null) {
      this.#outOfBand.add(run);
    } else {
      this.#active = run;
    }
    run.start();
  }

  /** @throws ProtocolError when there is no such response, or none active. */
  cancel(responseId: string | undefined): void {
    const run =
      responseId === undefined || this.#active?.spec.id === responseId
        ? this.#active
        : [...this.#outOfBand].find((other) => other.spec.id === responseId);
    if (!run) {
      throw new ProtocolError(
        "response_cancel_not_active",
        "Cancellation failed: no active response found",
      );
    }
    run.cancel("client_cancelled");
  }

  /** The caller speaks: what is being said to the conversation ends. */
  interrupt(): void {
    this.#active?.cancel("turn_detected");
  }

  abandon(): void {
    this.#active?.abandon();
    this.#outOfBand.forEach((run) => run.abandon());
  }

  #settle(spec: ResponseSpec): void {
    if (this.#active?.spec === spec) {
      this.#active = undefined;
    }
    for (const run of this.#outOfBand) {
      if (run.spec === spec) {
        this.#outOfBand.delete(run);
      }
    }
    this.#tokensUsed += spec.input.text + spec.input.audio;
  }

  #specOf(
    config: SessionConfig,
    parameters: ResponseParameters,
    fault: Fault | undefined,
  ): ResponseSpec {
    const entries = this.#contextOf(config, parameters);
    const tools = parameters.tools ?? config.tools;
    const instructions = parameters.instructions ?? config.instructions;
    const input = entries
      .map((entry) => itemTokens(entry.item, entry.audioMs))
      .reduce(addTokens, promptTokens(instructions, tools));
    const earlierInput = this.#earlierInput;
    this.#earlierInput = input;
    const output = parameters.audio?.output;
    const modalities = parameters.output_modalities ?? config.output_modalities;
    return {
      id: this.#around.ids.next("resp"),
      conversationId:
        parameters.conversation === "none" ? null : this.#conversation.id,
      modality: modalities[0] ?? "audio",
      maxOutputTokens: parameters.max_output_tokens ?? config.max_output_tokens,
      format: output?.format ?? config.audio.output.format,
      voice: nameOf(output?.voice ?? config.audio.output.voice),
      metadata: parameters.metadata ?? null,
      situation: {
        instructions: config.instructions,
        responseInstructions: parameters.instructions,
        tools: tools.map(offered),
        toolChoice: chosen(parameters.tool_choice ?? config.tool_choice),
        history: turnsOf(entries),
      },
      input,
      earlierInput,
      tokensLeft: TOKENS_PER_MINUTE - this.#tokensUsed,
      fault,
    };
  }

  /** The items that the response sees: its own input when it has one, else the conversation. */
  #contextOf(
    config: SessionConfig,
    parameters: ResponseParameters,
  ): readonly Entry[] {
    const { ids } = this.#around;
    return (
      parameters.input?.map((item) =>
        item.type === "item_reference"
          ? this.#conversation.get(item.id, "retrieve")
          : entryOf(item, ids, config.audio.input.format),
      ) ?? this.#conversation.entries
    );
  }
}

function offered(tool: FunctionTool) {
  return { name: tool.name, parameters: tool.parameters };
}

function chosen(choice: ToolChoice) {
  return typeof choice === "string" ? choice : { name: choice.name };
}

/** A custom voice is known by its id. */
function nameOf(voice: SessionConfig["audio"]["output"]["voice"]): string {
  return typeof voice === "string" ? voice : voice.id;
}
