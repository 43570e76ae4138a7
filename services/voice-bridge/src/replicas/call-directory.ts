import { randomUUID } from "node:crypto";
import type { Broadcasts, Listening } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import type { z } from "zod";
import type { CallView } from "../call/call-view.js";
import {
  runCommand,
  type CallAnswer,
  type CallCommand,
} from "../registry/call-commands.js";
import type { CallRegistry } from "../registry/call-registry.js";
import { Gathering } from "./gathering.js";
import { answer, askMessage, type Answer, type Ask } from "./messages.js";

export interface CallDirectoryDeps {
  readonly registry: CallRegistry;
  readonly broadcasts: Broadcasts;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ASKS = "voice:calls:asks";
/** A replica that has not answered by then is not waited for. */
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * The calls of all replicas, from any of them: what is not here is asked of
 * the others. While the store is away there are only those that are here.
 */
export class CallDirectory {
  readonly #deps: CallDirectoryDeps;
  readonly #replica = randomUUID();
  readonly #open = new Map<string, Gathering>();
  #listenings: Listening[] = [];

  constructor(deps: CallDirectoryDeps) {
    this.#deps = deps;
  }

  /** Resolves when the others can be heard; or soon, when the store is away. */
  async start(): Promise<void> {
    const { broadcasts, clock } = this.#deps;
    this.#listenings = [
      broadcasts.listen(ASKS, (message) => this.#asked(message)),
      broadcasts.listen(answersTo(this.#replica), (message) =>
        this.#answered(message),
      ),
    ];
    const late = Promise.withResolvers<void>();
    const timer = clock.setTimeout(late.resolve, ANSWER_TIMEOUT_MS);
    const ready = Promise.all(this.#listenings.map(({ ready }) => ready));
    await Promise.race([ready, late.promise]);
    timer.cancel();
  }

  async close(): Promise<void> {
    for (const gathering of this.#open.values()) gathering.giveUp();
    await Promise.all(this.#listenings.map((listening) => listening.end()));
  }

  /** The live calls; not `complete` when some replica could not be asked. */
  async list(): Promise<{ calls: CallView[]; complete: boolean }> {
    const { answers, complete } = await this.#ask(
      { kind: "list" },
      () => false,
    );
    const others = answers.filter(({ replica }) => replica !== this.#replica);
    return {
      calls: [...this.#here(), ...others.flatMap(({ calls }) => calls ?? [])],
      complete,
    };
  }

  /** Does something with a call, wherever it is. */
  async run(
    callId: string,
    command: CallCommand,
  ): Promise<CallAnswer | { kind: "unknown"; complete: boolean }> {
    const call = this.#deps.registry.get(callId);
    if (call !== undefined) return runCommand(call, command);
    const { answers, complete } = await this.#ask(
      { kind: "command", callId, command },
      (given) => given.answer !== undefined,
    );
    const given = answers.find((one) => one.answer !== undefined);
    return given?.answer ?? { kind: "unknown", complete };
  }

  /** The same without an answer: never waits. */
  tell(callId: string, command: CallCommand): void {
    const call = this.#deps.registry.get(callId);
    if (call !== undefined) runCommand(call, command);
    else this.#send({ kind: "command", callId, command });
  }

  /** The call's stream is here: nobody else waits for it any longer. */
  claimed(callId: string): void {
    this.#send({ kind: "forget", callId });
  }

  #here(): CallView[] {
    return this.#deps.registry
      .all()
      .filter((call) => call.isAttached)
      .map((call) => call.view());
  }

  async #ask(
    ask: Ask,
    isEnough: (answer: Answer) => boolean,
  ): Promise<{ answers: Answer[]; complete: boolean }> {
    const { broadcasts, clock, logger } = this.#deps;
    const id = randomUUID();
    const gathering = new Gathering(isEnough);
    this.#open.set(id, gathering);
    const timer = clock.setTimeout(() => {
      logger.warn("a replica does not answer about its calls");
      gathering.giveUp();
    }, ANSWER_TIMEOUT_MS);
    try {
      gathering.expect(await broadcasts.send(ASKS, this.#message(id, ask)));
      await gathering.done;
    } catch (error) {
      logger.warn({ err: error }, "the other replicas can't be asked");
    } finally {
      timer.cancel();
      this.#open.delete(id);
    }
    return { answers: gathering.answers, complete: gathering.isComplete };
  }

  #send(ask: Ask): void {
    const message = this.#message(randomUUID(), ask);
    this.#deps.broadcasts.send(ASKS, message).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error }, "the other replicas are not told");
    });
  }

  #message(id: string, ask: Ask): string {
    const message: z.input<typeof askMessage> = {
      id,
      replica: this.#replica,
      ask,
    };
    return JSON.stringify(message);
  }

  #asked(message: string): void {
    const read = this.#read(askMessage, message);
    if (read === undefined) return;
    const { id, replica, ask } = read;
    const { registry, broadcasts, logger } = this.#deps;
    if (ask.kind === "forget") {
      if (replica !== this.#replica) registry.forget(ask.callId);
      return;
    }
    const given: Answer = { id, replica: this.#replica, ...this.#answer(ask) };
    broadcasts
      .send(answersTo(replica), JSON.stringify(given))
      .catch((error: unknown) => {
        logger.warn({ err: error }, "another replica is not answered");
      });
  }

  #answer(ask: Exclude<Ask, { kind: "forget" }>): Partial<Answer> {
    if (ask.kind === "list") return { calls: this.#here() };
    const call = this.#deps.registry.get(ask.callId);
    return call === undefined ? {} : { answer: runCommand(call, ask.command) };
  }

  #answered(message: string): void {
    const read = this.#read(answer, message);
    if (read !== undefined) this.#open.get(read.id)?.add(read);
  }

  /** Undefined, and logged, when it is nothing that this version knows. */
  #read<T>(schema: z.ZodType<T>, message: string): T | undefined {
    try {
      const json: unknown = JSON.parse(message);
      return schema.parse(json);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "a replica's message is ignored");
      return undefined;
    }
  }
}

function answersTo(replica: string): string {
  return `voice:calls:answers:${replica}`;
}
