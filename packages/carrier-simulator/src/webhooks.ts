import { randomUUID } from "node:crypto";
import type { Clock } from "@easymo/service-kit";
import type { Addresses } from "./addresses.js";
import { CarrierProblem, problemCodes } from "./problem.js";
import { signRequest } from "./signature.js";
import type { Callback } from "./twiml.js";

/** "Twilio will wait 15 seconds for a response" (voice webhooks). */
const ANSWER_WITHIN_MS = 15_000;

/** Form parameters of one request. */
export type Parameters = Readonly<Record<string, string>>;

export interface WebhooksOptions {
  readonly authToken: string;
  readonly addresses: Addresses;
  readonly clock: Clock;
}

/** Twilio's requests to the application: signed forms. */
export class Webhooks {
  readonly #options: WebhooksOptions;

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /** Tells the application something; its answer's body does not matter. */
  async notify(target: Callback, parameters: Parameters): Promise<void> {
    const response = await this.#request(target, parameters);
    await response.arrayBuffer();
  }

  /**
   * Asks the application what to do.
   * @throws CarrierProblem when the answer is not TwiML's content type
   */
  async fetchTwiml(target: Callback, parameters: Parameters): Promise<string> {
    const response = await this.#request(target, parameters);
    const body = await response.text();
    const contentType = response.headers.get("content-type") ?? "";
    if (body !== "" && !/^(text|application)\/xml\b/i.test(contentType)) {
      throw new CarrierProblem(
        problemCodes.invalidContentType,
        `${target.url} answered with "${contentType}" instead of text/xml.`,
      );
    }
    return body;
  }

  async #request(target: Callback, parameters: Parameters): Promise<Response> {
    const { authToken, addresses, clock } = this.#options;
    const asQuery = target.method === "GET";
    const url = asQuery ? withQuery(target.url, parameters) : target.url;
    const signature = signRequest(authToken, url, asQuery ? {} : parameters);
    const abort = new AbortController();
    const timer = clock.setTimeout(() => abort.abort(), ANSWER_WITHIN_MS);
    try {
      const response = await fetch(addresses.toActual(url), {
        method: target.method,
        redirect: "manual",
        signal: abort.signal,
        headers: {
          "user-agent": "TwilioProxy/1.1",
          "x-twilio-signature": signature,
          "i-twilio-idempotency-token": randomUUID(),
          accept: "*/*",
          ...(asQuery ? {} : { "content-type": FORM }),
        },
        ...(asQuery ? {} : { body: form(parameters) }),
      });
      if (!response.ok) throw refused(target.url, response.status);
      return response;
    } catch (error) {
      if (error instanceof CarrierProblem) throw error;
      throw new CarrierProblem(
        problemCodes.httpConnectionFailure,
        `${target.url} could not be reached (${causeOf(error)}).`,
      );
    } finally {
      timer.cancel();
    }
  }
}

const FORM = "application/x-www-form-urlencoded; charset=UTF-8";

function form(parameters: Parameters): string {
  return new URLSearchParams(parameters).toString();
}

function withQuery(url: string, parameters: Parameters): string {
  return url + (url.includes("?") ? "&" : "?") + form(parameters);
}

function refused(url: string, status: number): CarrierProblem {
  return new CarrierProblem(
    problemCodes.httpRetrievalFailure,
    `${url} answered ${status}.`,
  );
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
