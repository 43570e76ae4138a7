import { createHash } from "node:crypto";
import type {
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import { languageOfTurn } from "../language.js";
import { madeUpDestination } from "../money.js";
import { paymentWords } from "../payment.js";
import { phrases } from "../phrases.js";
import type { TurnAnswer, TurnRequest } from "../turn-model.js";
import { inputOf, instructionsOf } from "./prompt.js";
import { ModelAnswerError, type ModelOutput } from "./response.js";
import type { TurnTools } from "./tool-runner.js";
import { toolsOf } from "./tools.js";
import { sentencesOf, withoutPayment } from "./wording.js";

/** Requests in one turn; the last may use no more tools. */
const MAX_ROUNDS = 4;
const MAX_CALLS_IN_A_ROUND = 4;
/** One WhatsApp message has room for 4,096, and for a payment's words. */
const MAX_TEXT_CHARACTERS = 3_000;

/** What a request says, besides which model it is for. */
export type ModelRequest = Omit<ResponseCreateParamsNonStreaming, "model">;

/** One request to the model. */
export type Respond = (request: ModelRequest) => Promise<ModelOutput>;

/** One turn's way through requests and tools. */
export class ModelTurn {
  readonly #turn: TurnRequest;
  readonly #tools: TurnTools;
  readonly #respond: Respond;
  /** What tools told of, besides what was known before. */
  readonly #told: string[] = [];
  #inputTokens = 0;
  #outputTokens = 0;

  constructor(turn: TurnRequest, tools: TurnTools, respond: Respond) {
    this.#turn = turn;
    this.#tools = tools;
    this.#respond = respond;
  }

  async answer(signal: AbortSignal): Promise<TurnAnswer> {
    const language = languageOfTurn(this.#turn);
    const tools = toolsOf(this.#turn);
    const input: ResponseInputItem[] = inputOf(this.#turn);
    for (let round = 1; ; round++) {
      const output = await this.#respond({
        store: false,
        instructions: instructionsOf(this.#turn, language),
        input,
        safety_identifier: safetyIdentifier(this.#turn),
        parallel_tool_calls: false,
        tools,
        tool_choice: round < MAX_ROUNDS && tools.length > 0 ? "auto" : "none",
      });
      this.#inputTokens += output.usage?.inputTokens ?? 0;
      this.#outputTokens += output.usage?.outputTokens ?? 0;
      if (output.refused)
        return this.finish(phrases.outOfScope[language](), "rules");
      if (output.calls.length === 0 || round === MAX_ROUNDS)
        return this.finish(this.#checked(output), "model");
      input.push(...(await this.#runTools(output, signal)));
    }
  }

  /** The answer as it is sent: what the model said, and a payment in our own words. */
  finish(said: string, by: "model" | "rules"): TurnAnswer {
    const { payment, intent } = this.#tools;
    const words =
      payment === undefined
        ? said
        : [
            withoutPayment(said, [payment.ussd, payment.url]),
            paymentWords(payment, languageOfTurn(this.#turn)),
          ]
            .filter((part) => part !== "")
            .join("\n\n");
    return {
      text: words,
      by,
      usage: {
        inputTokens: this.#inputTokens,
        outputTokens: this.#outputTokens,
      },
      ...(intent === undefined ? {} : { intent }),
      ...(payment === undefined ? {} : { payment }),
    };
  }

  async #runTools(
    output: ModelOutput,
    signal: AbortSignal,
  ): Promise<ResponseInputItem[]> {
    const items: ResponseInputItem[] = [];
    for (const call of output.calls.slice(0, MAX_CALLS_IN_A_ROUND)) {
      const answer = await this.#tools.run(call, signal);
      this.#told.push(answer);
      // Without the item's id, and without the reasoning before it: neither is kept there (`store: false`).
      items.push(
        {
          type: "function_call",
          call_id: call.callId,
          name: call.name,
          arguments: call.argumentsJson.slice(0, MAX_TEXT_CHARACTERS),
        },
        {
          type: "function_call_output",
          call_id: call.callId,
          output: answer,
        },
      );
    }
    return items;
  }

  /** The model's words, if they may be sent. */
  #checked({ text, cut }: ModelOutput): string {
    const { payment } = this.#tools;
    const isLong = cut || text.length > MAX_TEXT_CHARACTERS;
    const words = isLong ? sentencesOf(text, MAX_TEXT_CHARACTERS) : text;
    if (words === "" && payment === undefined)
      throw new ModelAnswerError(
        text === "" ? "empty" : "too_long",
        "the model said nothing that can be sent",
      );
    const { agent, contact, facts, history } = this.#turn;
    const known = [
      agent.instructions,
      agent.greeting,
      this.#turn.text,
      ...facts,
      ...history.map((line) => line.text),
      ...this.#told,
      ...[
        contact.phone,
        agent.transfer?.to,
        payment?.ussd,
        payment?.url,
      ].filter((one) => one !== undefined),
    ];
    if (madeUpDestination(words, known) !== undefined)
      throw new ModelAnswerError(
        "made_up",
        "the model named a code, a link or a number that nobody gave it",
      );
    return words.toWellFormed();
  }
}

/** Who it is, without saying who it is: OpenAI asks for something that tells people who misuse it apart. */
function safetyIdentifier({ tenantId, contact }: TurnRequest): string {
  const person = contact.phone ?? contact.userId ?? "";
  return createHash("sha256").update(`${tenantId}\n${person}`).digest("hex");
}
