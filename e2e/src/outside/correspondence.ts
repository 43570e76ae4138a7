import { setTimeout as pause } from "node:timers/promises";
import { PHONE_NUMBER_ID, SIP_DESK } from "./numbers.js";
import { signal, writeOnWhatsApp } from "./people.js";

/** Where messages and signals go, and with which secrets. */
export interface Doors {
  readonly whatsappUrl: string;
  readonly appSecret: string;
  readonly sipUrl: string;
  readonly sipToken: string;
}

const EVERY_MS = 250;

/**
 * People who go on writing, and a proxy that goes on telling, as Meta and a
 * SIP proxy do: what is not taken is sent again, under the same id.
 */
export class Correspondence {
  readonly messageIds: string[] = [];
  readonly sipCallIds: string[] = [];
  #again = 0;
  readonly #doors: Doors;
  readonly #name: string;
  readonly #ended = new AbortController();
  readonly #going: Promise<unknown>;

  constructor(doors: Doors, name: string) {
    this.#doors = doors;
    this.#name = name;
    this.#going = Promise.all([this.#write(), this.#tell()]);
    this.#going.catch(() => undefined);
  }

  /** How often something had to be sent again. */
  get repeats(): number {
    return this.#again;
  }

  /** Sends no more; resolves when all that was begun has been taken. */
  async finish(): Promise<void> {
    this.#ended.abort();
    await this.#going;
  }

  async #write(): Promise<void> {
    const { whatsappUrl, appSecret } = this.#doors;
    for (let at = 0; !this.#ended.signal.aborted; at += 1) {
      const messageId = `wamid.${this.#name}.${at}`;
      await this.#untilTaken(200, () =>
        writeOnWhatsApp(whatsappUrl, appSecret, {
          phoneNumberId: PHONE_NUMBER_ID,
          waId: `2507885003${String(at % 90).padStart(2, "0")}`,
          text: "Hello",
          messageId,
        }),
      );
      this.messageIds.push(messageId);
      await pause(EVERY_MS);
    }
  }

  async #tell(): Promise<void> {
    const { sipUrl, sipToken } = this.#doors;
    for (let at = 0; !this.#ended.signal.aborted; at += 1) {
      const callId = `${this.#name}-${at}`;
      await this.#untilTaken(202, async () => {
        const { status } = await signal(sipUrl, sipToken, {
          callId,
          event: "ringing",
          from: `+2507885004${String(at % 90).padStart(2, "0")}`,
          to: SIP_DESK,
        });
        return status;
      });
      this.sipCallIds.push(callId);
      await pause(EVERY_MS);
    }
  }

  async #untilTaken(
    status: number,
    send: () => Promise<number>,
  ): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const got = await send().catch(() => 0);
      if (got === status) return;
      if (tries === 60) throw new Error(`Not taken in a minute: ${got}.`);
      this.#again += 1;
      await pause(1_000);
    }
  }
}
