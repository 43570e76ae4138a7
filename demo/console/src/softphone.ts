import { openMicrophone, type Microphone } from "./audio/microphone.js";
import { Sound } from "./audio/sound.js";
import type { Conversation } from "./conversation.js";
import { byId, make, show } from "./dom.js";
import { DialForm } from "./dial-form.js";
import { stateInWords, reasonInWords } from "./call-words.js";
import { SayForm } from "./say-form.js";
import { Telephone } from "./telephone.js";
import type { Line, PhoneNotice, PhoneRequest, Ringing } from "./wire.js";

const DRAWN_EVERY_MS = 50;
const ROOM_FOR_KEYPAD = "(min-width: 760px)";
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** The telephone on the page: dials, rings, talks, hangs up. */
export class Softphone {
  readonly #conversation: Conversation;
  readonly #dialForm = new DialForm((from, to) => this.#dial(from, to));
  readonly #sayForm = new SayForm((text, language) =>
    this.#telephone?.send({ type: "say", text, language }),
  );
  readonly #state = byId("call-state", HTMLSpanElement);
  readonly #answer = byId("call-answer", HTMLParagraphElement);
  readonly #microphoneButton = byId("microphone", HTMLButtonElement);
  readonly #muteButton = byId("mute", HTMLButtonElement);
  #sound: Sound | undefined;
  #telephone: Telephone | undefined;
  #microphone: Microphone | undefined;
  #lines: readonly Line[] = [];
  #ringing: Ringing | undefined;
  #muted = false;
  #drawing = false;
  #connectedAtMs: number | undefined;
  #ending = "";

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    for (const key of KEYS) {
      const button = make("button", { type: "button" }, key);
      button.addEventListener("click", () => this.press(key));
      byId("keypad", HTMLDivElement).append(button);
    }
    byId("keys-panel", HTMLDetailsElement).open =
      matchMedia(ROOM_FOR_KEYPAD).matches;
    this.#onClick("interrupt", () => this.interrupt());
    this.#onClick("microphone", () => void this.toggleMicrophone());
    this.#onClick("mute", () => this.toggleMute());
    this.#onClick("hang-up", () => this.hangUp());
    this.#onClick("answer", () => this.answer());
    this.#onClick("decline", () => this.hangUp());
  }

  offer(lines: readonly Line[]): void {
    this.#lines = lines;
    this.#dialForm.offer(lines);
  }

  /** An agent calls; this telephone rings when the number is its own. */
  ring(ringing: Ringing): void {
    if (this.#telephone !== undefined) return;
    if (ringing.to !== this.#dialForm.ownNumber) return;
    this.#ringing = ringing;
    byId("incoming-from", HTMLElement).textContent =
      this.#lines.find((line) => line.address === ringing.from)?.agent ??
      ringing.from;
    this.#show();
    byId("answer", HTMLButtonElement).focus();
  }

  /** Whoever called has given up, or another page has answered. */
  stopRinging({ callId }: Ringing): void {
    if (this.#ringing?.callId !== callId) return;
    this.#ringing = undefined;
    this.#show();
  }

  call(): void {
    if (this.#telephone === undefined) this.#dialForm.call();
  }

  answer(): void {
    const ringing = this.#ringing;
    if (ringing === undefined) return;
    this.#open({ type: "answer", callId: ringing.callId });
  }

  hangUp(): void {
    const ringing = this.#ringing;
    if (ringing === undefined) this.#telephone?.send({ type: "hangup" });
    else this.#open({ type: "decline", callId: ringing.callId });
  }

  press(digit: string): void {
    this.#telephone?.send({ type: "press", digit });
  }

  interrupt(): void {
    const { language } = this.#sayForm;
    this.#telephone?.send({ type: "interrupt", language });
  }

  speak(): void {
    if (this.#telephone !== undefined) this.#sayForm.focus();
  }

  toggleMute(): void {
    this.#muted = !this.#muted;
    this.#sound?.mute(this.#muted);
    this.#muteButton.setAttribute("aria-pressed", String(this.#muted));
  }

  async toggleMicrophone(): Promise<void> {
    const telephone = this.#telephone;
    if (telephone === undefined) return;
    if (this.#microphone !== undefined) {
      this.#closeMicrophone();
      return;
    }
    try {
      this.#microphone = await openMicrophone((frame) =>
        telephone.sendAudio(frame),
      );
      this.#microphoneButton.setAttribute("aria-pressed", "true");
    } catch {
      this.#answer.textContent =
        "The browser gives no access to a microphone. Type instead.";
    }
  }

  #dial(from: string, to: string): void {
    if (this.#telephone === undefined) this.#open({ type: "dial", from, to });
  }

  #open(first: PhoneRequest): void {
    this.#ringing = undefined;
    this.#ending = "";
    this.#sound ??= new Sound();
    this.#sound.mute(this.#muted);
    this.#sound.wake();
    const { agent, caller } = this.#sound;
    this.#telephone = new Telephone(first, {
      notice: (notice) => this.#notice(notice),
      agentAudio: (mulaw) => agent.play(mulaw),
      callerAudio: (mulaw) => caller.play(mulaw),
      released: () => this.#released(),
    });
    this.#state.textContent = "Calling…";
    this.#answer.textContent = "";
    this.#show();
    this.#draw();
  }

  #notice(notice: PhoneNotice): void {
    switch (notice.type) {
      case "call":
        this.#begin(notice);
        break;
      case "state":
        this.#state.textContent = stateInWords(notice.state);
        break;
      case "connected":
        this.#connectedAtMs = performance.now();
        this.#state.textContent = "Connected";
        break;
      case "speaking":
        this.#conversation.callerSays(notice.text);
        break;
      case "clear":
        this.#sound?.agent.stop();
        break;
      case "announcement":
        this.#conversation.carrierSays(notice.text);
        break;
      case "transfer":
        this.#state.textContent = `Connected with ${notice.to}`;
        break;
      case "problem":
        this.#answer.textContent = notice.message;
        this.#ending = notice.message;
        break;
      case "ended":
        this.#ending = reasonInWords(notice.reason);
        this.#conversation.note(this.#ending);
        break;
    }
  }

  #begin({ callId, from, to }: Ringing): void {
    const line = this.#lines.find(
      (l) => l.address === from || l.address === to,
    );
    byId("call-who", HTMLParagraphElement).textContent = line?.address ?? to;
    this.#sayForm.begin(line?.languages[0] ?? "en");
    this.#conversation.begin(callId);
    this.#sayForm.focus();
  }

  #released(): void {
    this.#telephone = undefined;
    this.#connectedAtMs = undefined;
    this.#closeMicrophone();
    this.#dialForm.tell(this.#ending);
    this.#show();
    byId("place-call", HTMLButtonElement).focus();
  }

  #closeMicrophone(): void {
    this.#microphone?.stop();
    this.#microphone = undefined;
    this.#microphoneButton.setAttribute("aria-pressed", "false");
  }

  #show(): void {
    const inCall = this.#telephone !== undefined;
    const rings = this.#ringing !== undefined;
    show(byId("in-call", HTMLDivElement), inCall);
    show(byId("incoming", HTMLDivElement), rings);
    show(byId("dial", HTMLFormElement), !inCall && !rings);
    const badge = byId("telephone-badge", HTMLSpanElement);
    badge.textContent = rings ? "rings" : "in call";
    show(badge, inCall || rings);
  }

  /** Levels and the time, as often as eyes can follow, until all is silent. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const agent = byId("agent-level", HTMLMeterElement);
    const caller = byId("caller-level", HTMLMeterElement);
    const time = byId("call-time", HTMLTimeElement);
    const frame = () => {
      agent.value = this.#sound?.agent.level() ?? 0;
      caller.value = Math.max(
        this.#sound?.caller.level() ?? 0,
        this.#microphone?.level() ?? 0,
      );
      const text = timeSince(this.#connectedAtMs);
      if (time.textContent !== text) time.textContent = text;
      this.#drawing =
        this.#telephone !== undefined || agent.value + caller.value > 0;
      if (this.#drawing)
        setTimeout(() => requestAnimationFrame(frame), DRAWN_EVERY_MS);
    };
    frame();
  }

  #onClick(id: string, action: () => void): void {
    byId(id, HTMLButtonElement).addEventListener("click", action);
  }
}

function timeSince(startedAtMs: number | undefined): string {
  if (startedAtMs === undefined) return "";
  const seconds = Math.floor((performance.now() - startedAtMs) / 1000);
  const rest = String(seconds % 60).padStart(2, "0");
  return `${Math.floor(seconds / 60)}:${rest}`;
}
