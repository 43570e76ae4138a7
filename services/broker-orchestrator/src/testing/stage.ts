/** What most suites play on: an orchestrator for each test, services that stand in, and an agent-core for all of a file. */
import { afterAll, afterEach, beforeAll, beforeEach } from "@jest/globals";
import type { EasymoEvent, TopicName } from "@easymo/messaging";
import type { RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import {
  EventLog,
  startAgentCore,
  startOrchestrator,
  type OrchestratorOptions,
  type RunningOrchestrator,
} from "./running.js";
import { StandIn } from "./stand-in.js";

type Own = Omit<OrchestratorOptions, "agentCoreUrl" | "standInUrl">;

/** There from `beforeEach` on; everything in it is closed after the test. */
export class Stage {
  #agentCore: RunningService | undefined;
  #standIn: StandIn | undefined;
  #orchestrator: RunningOrchestrator | undefined;
  #log: EventLog | undefined;

  get agentCoreUrl(): string {
    return there(this.#agentCore).url;
  }

  get standIn(): StandIn {
    return there(this.#standIn);
  }

  get orchestrator(): RunningOrchestrator {
    return there(this.#orchestrator);
  }

  get log(): EventLog {
    return there(this.#log);
  }

  async open(): Promise<void> {
    this.#agentCore = await startAgentCore();
  }

  async set(options: Own): Promise<void> {
    this.#standIn = await StandIn.start();
    await this.restart(options);
  }

  /** Another orchestrator in the place of the one that there is, with a log of its own bus. */
  async restart(options: Own): Promise<void> {
    await this.#orchestrator?.close();
    this.#orchestrator = undefined;
    this.#orchestrator = await startOrchestrator({
      agentCoreUrl: this.agentCoreUrl,
      standInUrl: this.standIn.url,
      ...options,
    });
    this.#log = await EventLog.of(this.#orchestrator.bus);
  }

  /** Happens, one after the other, each with all that follows from it. */
  async happens(...events: readonly EasymoEvent[]): Promise<void> {
    for (const one of events) {
      const topic = topicOf(one);
      const before = await this.#settled(topic);
      await this.orchestrator.bus.publishEvent(topic, one);
      await until(async () => (await this.#settled(topic)) > before, {
        what: one.type,
        timeoutMs: 120_000,
      });
    }
  }

  async clear(): Promise<void> {
    await this.#orchestrator?.close();
    await this.#standIn?.close();
    this.#orchestrator = this.#standIn = this.#log = undefined;
  }

  async close(): Promise<void> {
    await this.#agentCore?.close();
  }

  /** How many events of a topic are settled: known, and whatever follows from them done. */
  async #settled(topic: string): Promise<number> {
    const metrics = await fetch(`${this.orchestrator.url}/metrics`);
    const lines = (await metrics.text()).split("\n");
    return lines
      .filter((line) =>
        line.startsWith(`easymo_bus_handled_total{topic="${topic}",`),
      )
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }
}

/** Sets the stage for each test of the file that calls this. */
export function stageForEach(options: () => Own = () => ({})): Stage {
  const stage = new Stage();
  beforeAll(() => stage.open());
  beforeEach(() => stage.set(options()));
  afterEach(() => stage.clear());
  afterAll(() => stage.close());
  return stage;
}

function topicOf({ type, data }: EasymoEvent): TopicName {
  const isHeard = "channel" in data && data.channel !== "whatsapp";
  if (type === "intent.captured" && isHeard) return "voice.contact.events";
  if (type.startsWith("call.")) return "voice.contact.events";
  if (type.startsWith("media.")) return "voice.media.events";
  return type.startsWith("sip.") ? "voice.sip.events" : "whatsapp.inbound";
}

function there<T>(one: T | undefined): T {
  if (one === undefined) throw new Error("The stage is not set yet.");
  return one;
}
