import assert from "node:assert/strict";
import type {
  CarrierSimulator,
  SimulatedCall,
} from "@easymo/carrier-simulator";
import { until } from "@easymo/testbed";
import { DESK } from "./numbers.js";
import { utterance } from "./people.js";
import type { Tape } from "./tape.js";

/** A caller who goes on talking, turn by turn, until told to hang up. */
export class Talk {
  readonly call: SimulatedCall;
  readonly #tape: Tape;
  readonly #ended = new AbortController();
  readonly #going: Promise<void>;
  #turns = 0;

  private constructor(tape: Tape, call: SimulatedCall) {
    this.#tape = tape;
    this.call = call;
    this.#going = this.#goOn();
    // Whoever asks for the outcome hears of it; until then it is nobody's.
    this.#going.catch(() => undefined);
  }

  /** Begins one that the agent has answered. */
  static async begin(
    carrier: CarrierSimulator,
    tape: Tape,
    from: string,
    to = DESK,
  ): Promise<Talk> {
    const call = carrier.placeCall({ from, to });
    await call.waitFor("streamStarted", undefined, { timeoutMs: 60_000 });
    await tape.next(
      "call.connected",
      ({ data }) => data.callId === call.callSid,
    );
    return new Talk(tape, call);
  }

  /** How often the caller has spoken, and was answered. */
  get turns(): number {
    return this.#turns;
  }

  /** Rejects when the conversation has broken off. */
  async answered(turns: number): Promise<void> {
    await Promise.race([
      until(() => this.#turns >= turns, {
        what: `Turn ${turns} of ${this.call.callSid}`,
        timeoutMs: 120_000,
        everyMs: 100,
      }),
      this.#going.then(() => assert.ok(this.#turns >= turns)),
    ]);
  }

  /** Hangs up after the turn that is going on, and says what was wrong with the call. */
  async finish(): Promise<void> {
    this.#ended.abort();
    await this.#going;
    const { callSid } = this.call;
    this.call.hangUp();
    const { sentFrames } = this.call;
    assert.equal(this.call.ending?.reason, "caller-hangup");
    assert.deepEqual(this.call.past("problem"), []);
    const stop = await this.#tape.next(
      "call.stop",
      ({ data }) => data.callId === callSid,
      `The end of ${callSid}`,
    );
    assert.equal(stop.data.reason, "caller_hangup");
    await this.#nothingIsLost(sentFrames);
  }

  /** Each thing that was said is on Kafka once, and each frame of audio was counted. */
  async #nothingIsLost(sentFrames: number): Promise<void> {
    const { callSid } = this.call;
    const mine = <T extends { data: { callId: string } }>(events: T[]): T[] =>
      events.filter(({ data }) => data.callId === callSid);
    for (const type of ["call.start", "call.connected", "call.stop"] as const)
      assert.equal(
        mine(this.#tape.of(type)).length,
        1,
        `${type} of ${callSid}`,
      );
    // Turns are numbered: one that is missing would leave a gap.
    const turns = mine(this.#tape.of("media.turn")).map(
      ({ data }) => data.turn,
    );
    assert.deepEqual(
      turns.sort((one, other) => one - other),
      turns.map((_, at) => at + 1),
    );
    assert.ok(turns.length >= this.#turns);
    assert.ok(sentFrames > 0);
    await until(
      () =>
        mine(this.#tape.of("media.sample")).reduce(
          (sum, { data }) => sum + data.inbound.frames,
          0,
        ) === sentFrames,
      { what: `${sentFrames} frames of ${callSid} counted`, timeoutMs: 30_000 },
    );
    assert.equal(this.call.droppedFrames, 0);
  }

  async #goOn(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const { callSid } = this.call;
      const answered = this.#tape
        .of("media.turn")
        .filter(({ data }) => data.callId === callSid).length;
      await this.call.speak(utterance(words(this.#turns)));
      await this.#tape.next(
        "media.turn",
        ({ data }) => data.callId === callSid && data.turn > answered,
        `An answer to turn ${answered + 1} of ${callSid}`,
      );
      this.#turns += 1;
    }
  }
}

function words(turn: number): string {
  return `What is the price, for the ${turn + 1}. time?`;
}
