import { sendSipEvents } from "../api.js";
import { addressChoice, chosenOf } from "../choices.js";
import { byId, make } from "../dom.js";
import { otherBody, sipEvent, sipEventKinds } from "./sip-calls.js";
import { SipLog } from "./sip-log.js";
import type { SipEvent, SipEventKind, SipLine, SipOrder } from "./wire.js";

/** How long a call of a batch was. */
const BATCH_STEP_MS = 5_000;

/** A SIP proxy on the page, that tells sip-ingress what happens to a call. */
export class SipPanel {
  readonly #form = byId("sip", HTMLFormElement);
  readonly #from = byId("sip-from", HTMLInputElement);
  readonly #callId = byId("sip-call-id", HTMLInputElement);
  readonly #digit = byId("sip-digit", HTMLInputElement);
  readonly #answer = byId("sip-answer", HTMLParagraphElement);
  readonly #log = new SipLog();
  #lines: readonly SipLine[] = [];
  #last: SipEvent | undefined;

  constructor() {
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#newCall();
    this.#onClick("new-sip-call", () => this.#newCall());
    for (const kind of sipEventKinds) {
      const button = make("button", { type: "button" }, kind);
      button.addEventListener("click", () => this.#sendNew(kind));
      byId("sip-events", HTMLDivElement).append(button);
    }
    this.#onClick("sip-repeat", () => this.#sendLast((event) => event));
    this.#onClick("sip-other-body", () => this.#sendLast(otherBody));
    this.#onClick("sip-batch", () => this.#sendCall());
    this.#onClick("sip-wrong-token", () => {
      const event = this.#make("ringing", Date.now());
      if (event !== undefined) this.#send(event, "wrong");
    });
  }

  /** The addresses that are answered; the first one is chosen. */
  offer(lines: readonly SipLine[]): void {
    this.#lines = lines;
    const fieldset = byId("sip-lines", HTMLFieldSetElement);
    for (const { address, tenant, agent } of lines) {
      const choice = { value: address, agent, about: tenant, address };
      fieldset.append(addressChoice("sip-line", choice, () => undefined));
    }
    const first = fieldset.querySelector("input");
    if (first !== null) first.checked = true;
  }

  get #line(): SipLine | undefined {
    const address = chosenOf(this.#form, "sip-line");
    return this.#lines.find((line) => line.address === address);
  }

  #make(kind: SipEventKind, atMs: number): SipEvent | undefined {
    const line = this.#line;
    if (line === undefined || !this.#form.reportValidity()) return undefined;
    const call = {
      callId: this.#callId.value.trim(),
      from: this.#from.value.trim(),
      to: line.address,
      digit: this.#digit.value,
    };
    return sipEvent(call, kind, { key: newKey(), atMs });
  }

  #sendNew(kind: SipEventKind): void {
    const event = this.#make(kind, Date.now());
    if (event === undefined) return;
    this.#last = event;
    byId("sip-repeat", HTMLButtonElement).disabled = false;
    byId("sip-other-body", HTMLButtonElement).disabled = false;
    this.#send(event);
  }

  #sendLast(change: (event: SipEvent) => SipEvent): void {
    if (this.#last !== undefined) this.#send(change(this.#last));
  }

  /** A call that has been, all at once. */
  #sendCall(): void {
    this.#newCall();
    const startMs = Date.now() - sipEventKinds.length * BATCH_STEP_MS;
    const events = sipEventKinds
      .map((kind, at) => this.#make(kind, startMs + at * BATCH_STEP_MS))
      .filter((event) => event !== undefined);
    if (events.length > 0) this.#send(events);
  }

  #send(body: SipOrder["body"], token: SipOrder["token"] = "own"): void {
    const tenant = this.#line?.tenant;
    if (tenant === undefined) return;
    const order = { tenant, token, body };
    this.#answer.textContent = "";
    sendSipEvents(order).then(
      (answer) => this.#log.add(order, answer),
      () => {
        this.#answer.textContent = "The demo did not answer.";
      },
    );
  }

  #newCall(): void {
    this.#callId.value = `${newKey()}@proxy.example`;
  }

  #onClick(id: string, action: () => void): void {
    byId(id, HTMLButtonElement).addEventListener("click", action);
  }
}

function newKey(): string {
  return crypto.randomUUID();
}
