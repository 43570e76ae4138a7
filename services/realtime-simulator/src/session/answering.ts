import type { Fault, Faults } from "../faults.js";
import type { ResponseParameters } from "../protocol/client-events.js";
import { type ErrorDetails, ProtocolError } from "../protocol/errors.js";
import type { SessionConfig } from "../protocol/session-config.js";
import type { IdlePrompt } from "./idle-prompt.js";
import type { Responses } from "./responses.js";

export interface AnsweringOptions {
  readonly responses: Responses;
  readonly idle: IdlePrompt;
  readonly faults: Faults;
  config(): SessionConfig;
  reject(details: ErrorDetails): void;
  expire(): void;
  /** Sends what is no event of the protocol. */
  sendRaw(text: string): void;
}

/** When a response is made: asked for, or by the session itself; and what goes wrong instead. */
export class Answering {
  readonly #options: AnsweringOptions;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  /** @throws ProtocolError */
  respond(parameters: ResponseParameters): void {
    const { responses, idle, faults } = this.#options;
    responses.assertIdle(parameters);
    const fault = faults.atResponse();
    if (fault && this.#goesWrong(fault)) {
      return;
    }
    idle.cancel();
    responses.create(this.#options.config(), parameters, fault);
  }

  /** A response that no client event asked for: what is wrong with it names none. */
  respondByItself(): void {
    try {
      this.respond({});
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#options.reject(error.details);
    }
  }

  /** Faults that take the place of a response. */
  #goesWrong(fault: Fault): boolean {
    switch (fault.kind) {
      case "error_event":
        this.#options.reject({
          type: "server_error",
          code: fault.code,
          message: fault.message,
          param: null,
        });
        return true;
      case "expire_session":
        this.#options.expire();
        return true;
      case "garbage":
        this.#options.sendRaw('{"type":"response.crea\u0000');
        return false;
      default:
        return false;
    }
  }
}
