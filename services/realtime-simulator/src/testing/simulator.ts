import {
  type Clock,
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
} from "@easymo/service-kit";
import { toneVoice } from "@easymo/telephone-audio";
import {
  createRealtimeSimulator,
  type RealtimeSimulator,
  type RealtimeSimulatorOptions,
} from "../app.js";
import { RealtimeClient } from "./realtime-client.js";

/** A simulator that listens, and everything that tests open on it. */
export class TestSimulator {
  readonly simulator: RealtimeSimulator;
  readonly url: string;
  readonly #close: () => Promise<void>;
  readonly #clients: RealtimeClient[] = [];

  private constructor(
    simulator: RealtimeSimulator,
    running: { readonly url: string; close(): Promise<void> },
  ) {
    this.simulator = simulator;
    this.url = running.url;
    this.#close = () => running.close();
  }

  /** One that hums, thinks no time, and sends everything at once, unless told otherwise. */
  static async start(
    options: Partial<RealtimeSimulatorOptions> & {
      readonly clock?: Clock;
    } = {},
  ): Promise<TestSimulator> {
    const { clock, ...rest } = options;
    const simulator = createRealtimeSimulator({
      kit: createServiceKit({
        name: "realtime-simulator",
        logger: createLogger({ name: "test", level: "silent" }),
        metrics: createMetrics(),
        ...(clock ? { clock } : {}),
      }),
      voice: toneVoice,
      thinkMs: 0,
      speed: Infinity,
      ...rest,
    });
    const running = await listen(simulator, { port: 0, host: "127.0.0.1" });
    return new TestSimulator(simulator, running);
  }

  /** The address of the protocol. */
  realtimeUrl(search = "?model=gpt-realtime"): string {
    return `${this.url.replace("http", "ws")}/v1/realtime${search}`;
  }

  /** A client whose session has been created. */
  async connect(
    session?: Readonly<Record<string, unknown>>,
  ): Promise<RealtimeClient> {
    const client = await this.open();
    await client.next("session.created");
    if (session) {
      client.send({
        type: "session.update",
        session: { type: "realtime", ...session },
      });
      await client.next("session.updated");
    }
    return client;
  }

  /** A client that is connected, and nothing more. */
  async open(
    headers: Readonly<Record<string, string>> = {
      authorization: "Bearer any-key",
    },
    search?: string,
  ): Promise<RealtimeClient> {
    const client = await RealtimeClient.open(this.realtimeUrl(search), headers);
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) {
      client.terminate();
    }
    await this.#close();
  }
}

/** A session on μ-law, as voice-bridge has it. */
export const telephone = {
  audio: {
    input: {
      format: { type: "audio/pcmu" },
      transcription: { model: "gpt-4o-transcribe" },
    },
    output: { format: { type: "audio/pcmu" } },
  },
} as const;
