import { randomUUID } from "node:crypto";
import type { ServiceKit } from "@easymo/service-kit";
import { ProtocolError } from "../protocol/errors.js";
import { sessionUpdate } from "../protocol/session-config.js";
import { parseParameters } from "../protocol/validation.js";
import type { SessionOptions } from "../session/session-options.js";
import { Session } from "../session/session.js";
import { SipCall, type SipEnding } from "./sip-call.js";
import { announceCall, type WebhookTarget } from "./webhook.js";

/** A caller who dials a number of the project's SIP trunk. */
export interface PlaceSipCall {
  /** `"A name" <sip:+250788000001@carrier.example>` */
  readonly from: string;
  readonly to: string;
  /** Who is told of the call. */
  readonly webhook: WebhookTarget;
  /** How many seconds of line time pass in one of the clock's; 1 unless told. */
  readonly speed?: number;
}

export interface SipGatewayOptions extends Omit<
  SessionOptions,
  "transport" | "model" | "clock" | "logger" | "line"
> {
  readonly kit: ServiceKit;
}

const DEFAULT_MODEL = "gpt-realtime";
const PAST_CALLS = 1_000;
/** "Turn detection goes by its type alone": accept refuses these. */
const NOT_AT_ACCEPT = [
  "threshold",
  "prefix_padding_ms",
  "silence_duration_ms",
] as const;

/** The project's SIP gateway: callers come in by `place`, and what becomes of them is said over the calls API. */
export class SipGateway {
  readonly #options: SipGatewayOptions;
  readonly #calls = new Map<string, SipCall>();

  constructor(options: SipGatewayOptions) {
    this.#options = options;
  }

  get calls(): readonly SipCall[] {
    return [...this.#calls.values()];
  }

  find(callId: string): SipCall | undefined {
    return this.#calls.get(callId);
  }

  /** Somebody calls: the webhook is told, and the call rings until it is answered. */
  place({ from, to, webhook, speed }: PlaceSipCall): SipCall {
    const { clock, logger } = this.#options.kit;
    const callId = `rtc_${randomUUID().replaceAll("-", "")}`;
    const call = new SipCall({ callId, from, to, speed: speed ?? 1, clock });
    this.#forgetOldest();
    this.#calls.set(callId, call);
    void announceCall(webhook, call, {
      clock,
      logger,
      isOver: () => !call.isRinging,
    });
    return call;
  }

  /** @throws ProtocolError with what is wrong with the session that is asked for */
  accept(call: SipCall, body: unknown): void {
    const asked = parseParameters(sessionUpdate, body);
    refuseThresholds(body);
    const { kit, ...options } = this.#options;
    const session = new Session({
      ...options,
      model: asked.model ?? DEFAULT_MODEL,
      clock: kit.clock,
      logger: kit.logger,
      transport: call,
      line: call,
    });
    session.configure({
      ...asked,
      audio: {
        input: { ...asked.audio?.input, format: { type: "audio/pcmu" } },
        output: { ...asked.audio?.output, format: { type: "audio/pcmu" } },
      },
    });
    call.accept(session);
  }

  close(): void {
    const ending: SipEnding = { by: "session" };
    for (const call of this.#calls.values()) call.end(ending);
  }

  #forgetOldest(): void {
    if (this.#calls.size < PAST_CALLS) return;
    const past = this.calls.find((call) => !call.isRinging && !call.isLive);
    if (past !== undefined) this.#calls.delete(past.callId);
  }
}

function refuseThresholds(body: unknown): void {
  const path = ["audio", "input", "turn_detection"];
  const detection = path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? Reflect.get(value, key)
        : undefined,
    body,
  );
  if (typeof detection !== "object" || detection === null) return;
  const refused = NOT_AT_ACCEPT.find((key) => key in detection);
  if (refused === undefined) return;
  const param = [...path, refused].join(".");
  throw new ProtocolError(
    "unknown_parameter",
    `Unknown parameter: '${param}'.`,
    param,
  );
}
