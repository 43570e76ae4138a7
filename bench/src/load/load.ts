import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { BargeInProbe, type BargeInReport } from "./barge-in-probe.js";
import { Caller, type SubjectAddress } from "./caller.js";
import { answerAgentCore } from "./agent-core-answers.js";
import { waitedForCoreMs } from "./core-wait.js";
import { Flow } from "./flow.js";
import type { LoadTotals, WindowReport } from "./load-report.js";
import { ModelSession, type ModelScript } from "./model-session.js";
import { Pacer, type Pacing } from "./pacer.js";
import { PayloadStock } from "./payload.js";
import { ContinuousScript, ConversationScript } from "./scripts.js";
import { FrameBuilder } from "./websocket-frames.js";
import { settled, until } from "./waiting.js";
import { acceptWire } from "./wire.js";

export interface LoadSettings {
  /** Calls with audio in both directions, every byte of it checked. */
  readonly calls: number;
  /** Calls besides those in which callers interrupt. */
  readonly probes: number;
  /** How much of the agent's audio comes in one piece. */
  readonly deltaMs: number;
  /** Call time per time. */
  readonly speed: number;
  readonly pacing: Pacing;
  readonly marks: "separate" | "with-frame";
  readonly script: "continuous" | "conversation";
}

const FRAME_MS = 20;
const BYTES_PER_MS = 8;
const PROBE_DELTA_MS = 200;
const OPENING_INTERVAL_MS = 4;
const FLOW_TIMEOUT_MS = 30_000;
const QUIET_TIMEOUT_MS = 5_000;
const HANG_UP_TIMEOUT_MS = 10_000;

/**
 * The world around a bridge: callers on one side, the model (and agent-core)
 * on the other, in one process with one clock.
 */
export class Load {
  readonly #settings: LoadSettings;
  readonly #inbound: Flow;
  readonly #outbound: Flow;
  readonly #probeOutbound: Flow;
  readonly #callerFrames = new FrameBuilder(true);
  readonly #modelFrames = new FrameBuilder(false);
  readonly #callers: Caller[] = [];
  readonly #probes: BargeInProbe[];
  readonly #sessions: (ModelSession | undefined)[] = [];
  readonly #unidentified = new Set<ModelSession>();
  readonly #scripts: ModelScript[] = [];
  readonly #server: Server;
  readonly #pacer: Pacer;
  #sessionSerial = 0;
  #asked = 0;
  #openCallers = 0;
  #hangingUp = false;
  #dropped = 0;
  #window = { startedMs: 0, marks: 0, cpu: process.cpuUsage(), waitedMs: 0 };

  constructor(settings: LoadSettings) {
    this.#settings = settings;
    const { calls, probes, deltaMs, speed, pacing, script } = settings;
    const nowUs = this.#nowUs;
    const frame = new PayloadStock(FRAME_MS * BYTES_PER_MS);
    this.#inbound = new Flow("inbound", frame);
    this.#outbound = new Flow(
      "outbound",
      new PayloadStock(deltaMs * BYTES_PER_MS),
    );
    this.#probeOutbound = new Flow(
      "outbound",
      new PayloadStock(PROBE_DELTA_MS * BYTES_PER_MS),
    );
    this.#probes = Array.from(
      { length: probes },
      () => new BargeInProbe(nowUs),
    );
    for (let index = 0; index < calls; index++)
      this.#scripts.push(
        script === "continuous"
          ? new ContinuousScript(deltaMs)
          : new ConversationScript(deltaMs),
      );
    this.#scripts.push(...this.#probes);
    for (let index = 0; index < calls + probes; index++)
      this.#callers.push(this.#createCaller(index));
    this.#pacer = new Pacer({
      tickers: this.#tickers(),
      periodUs: (FRAME_MS * 1_000) / speed,
      pacing,
      nowUs,
    });
    this.#server = createServer(answerAgentCore);
    this.#server.on("upgrade", (request, socket, head) =>
      this.#accept(request, socket, head),
    );
  }

  /** Where the model, and agent-core, are to be found. */
  async listen(): Promise<{ port: number }> {
    await new Promise<void>((resolve) =>
      this.#server.listen(0, "127.0.0.1", resolve),
    );
    const address = this.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("the model has no port");
    return { port: address.port };
  }

  /** Opens so many more calls; resolves when audio has come through each, both ways. */
  async open(subject: SubjectAddress, calls: number): Promise<void> {
    this.#pacer.start();
    const next = this.#callers.slice(this.#asked, this.#asked + calls);
    this.#asked += next.length;
    const opening: Promise<void>[] = [];
    for (const caller of next) {
      opening.push(
        caller.open(subject).then(() => void (this.#openCallers += 1)),
      );
      await delay(OPENING_INTERVAL_MS);
    }
    await Promise.all(opening);
    await until(
      () => this.#silentCalls() === 0,
      FLOW_TIMEOUT_MS,
      () => `${this.#silentCalls()} calls have no audio in both directions`,
    );
  }

  /** Calls that were opened and whose connection has not been closed. */
  get openCalls(): number {
    return this.#openCallers;
  }

  beginWindow(): void {
    this.#inbound.beginWindow();
    this.#outbound.beginWindow();
    this.#pacer.beginWindow();
    this.#window = {
      startedMs: performance.now(),
      marks: this.#marksReturned(),
      cpu: process.cpuUsage(),
      waitedMs: waitedForCoreMs(),
    };
  }

  endWindow(): WindowReport {
    const { startedMs, marks, cpu, waitedMs } = this.#window;
    const durationMs = performance.now() - startedMs;
    const used = process.cpuUsage(cpu);
    return {
      durationMs,
      inbound: this.#inbound.window(),
      outbound: this.#outbound.window(),
      marksReturned: this.#marksReturned() - marks,
      lateness: this.#pacer.lateness(),
      generatorWaitedMs: waitedForCoreMs() - waitedMs,
      generatorCpu: (used.user + used.system) / 1_000 / durationMs,
    };
  }

  /** Lets the probes' callers interrupt for so long, and each of them so often at least. */
  async probe(
    durationMs: number,
    { atLeast = 0 }: { atLeast?: number } = {},
  ): Promise<BargeInReport[]> {
    for (const probe of this.#probes) probe.begin();
    await delay(durationMs);
    await until(
      () =>
        this.#probes.every((probe) => probe.report().interruptions >= atLeast),
      QUIET_TIMEOUT_MS,
      () => "the callers do not interrupt",
    );
    for (const probe of this.#probes) probe.end();
    await until(
      () => this.#probes.every((probe) => probe.isQuiet),
      QUIET_TIMEOUT_MS,
      () => "an interruption did not come to its end",
    );
    return this.#probes.map((probe) => probe.report());
  }

  /** Falls silent, waits for what is on its way, and hangs up. */
  async stop(): Promise<LoadTotals> {
    this.#pacer.stop();
    await settled([this.#inbound, this.#outbound]);
    this.#dropped = this.#asked - this.#openCallers;
    this.#hangingUp = true;
    const gone = Promise.all(this.#callers.map((caller) => caller.hangUp()));
    await Promise.race([
      gone,
      delay(HANG_UP_TIMEOUT_MS, undefined, { ref: false }),
    ]);
    this.destroy();
    return {
      inbound: this.#inbound.withLost(),
      outbound: this.#outbound.withLost(),
      marksReturned: this.#marksReturned(),
      dropped: this.#dropped,
    };
  }

  /** Lets go of everything at once. */
  destroy(): void {
    this.#pacer.stop();
    for (const caller of this.#callers) caller.destroy();
    for (const session of this.#sessions) session?.destroy();
    for (const session of this.#unidentified) session.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  readonly #nowUs = (): number => Math.floor(performance.now() * 1_000);

  /** Callers and models take turns, each call's two half a period apart. */
  #tickers(): ((nowUs: number) => void)[] {
    const count = this.#callers.length;
    return this.#callers.flatMap((caller, index) => {
      const modelIndex = (index + (count >> 1)) % count;
      return [
        (nowUs: number) => caller.tick(nowUs),
        (nowUs: number) => this.#tickModel(modelIndex, nowUs),
      ];
    });
  }

  #tickModel(callIndex: number, nowUs: number): void {
    const session = this.#sessions[callIndex];
    if (session !== undefined) this.#scripts[callIndex]?.tick(session, nowUs);
  }

  #createCaller(index: number): Caller {
    const { speed, marks } = this.#settings;
    const probe = this.#probes[index - this.#settings.calls];
    return new Caller({
      index,
      frames: this.#callerFrames,
      inbound: this.#inbound,
      speed,
      marks,
      nowUs: this.#nowUs,
      heard: (message, start, end, nowUs) => {
        if (probe === undefined)
          this.#outbound.arrived(message, start, end, nowUs);
        else probe.heard(nowUs);
      },
      cleared: (nowUs) => probe?.cleared(nowUs),
      closed: () => {
        if (!this.#hangingUp) this.#openCallers -= 1;
      },
    });
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { calls } = this.#settings;
    const wire = acceptWire(request, socket, head, this.#modelFrames, {
      message: (message, start, end) => session.message(message, start, end),
      closed: () => {
        this.#unidentified.delete(session);
        if (this.#sessions[session.callIndex] === session)
          this.#sessions[session.callIndex] = undefined;
      },
    });
    const session: ModelSession = new ModelSession(
      wire,
      ++this.#sessionSerial,
      {
        inbound: this.#inbound,
        outboundOf: (callIndex) =>
          callIndex < calls ? this.#outbound : this.#probeOutbound,
        nowUs: this.#nowUs,
        identified: (identified, callIndex) => {
          this.#unidentified.delete(identified);
          this.#sessions[callIndex] = identified;
        },
        truncated: ({ callIndex }, audioEndMs) =>
          this.#probes[callIndex - calls]?.truncated(audioEndMs),
      },
    );
    this.#unidentified.add(session);
  }

  #silentCalls(): number {
    const { calls } = this.#settings;
    return this.#callers.filter(
      (_, index) =>
        index < this.#asked &&
        (!this.#inbound.flows(index) ||
          (index < calls && !this.#outbound.flows(index))),
    ).length;
  }

  #marksReturned(): number {
    return this.#callers.reduce((sum, caller) => sum + caller.marksReturned, 0);
  }
}
