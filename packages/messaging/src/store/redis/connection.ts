import { Cluster, Command } from "ioredis";
import type { Logger } from "pino";
import type { Clock } from "../../clock.js";
import { StoreUnavailableError } from "../../errors.js";
import type { RedisAddress } from "./address.js";
import {
  COMMAND_TIMEOUT_MS,
  connectAgain,
  createClient,
  listenerOf,
  type RedisClient,
} from "./client.js";
import { ScriptBatches } from "./script-batches.js";
import type { LuaScript } from "./scripts.js";
import { slotOf } from "./slots.js";

const LOG_INTERVAL_MS = 10_000;

/** A connection whose commands fail in time while Redis is away, and that is there again when Redis is. */
export class RedisConnection {
  readonly #redis: RedisClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #batches: ScriptBatches;
  /** Keys of one place may be in one command: those of a cluster's slot, all of any other Redis. */
  readonly placeOf: (key: string) => number;
  /** Whether there is more than one place. */
  readonly hasSlots: boolean;
  #connecting: Promise<void> | undefined;
  #closed = false;
  #lastLogMs = Number.NEGATIVE_INFINITY;

  constructor(address: RedisAddress, deps: { logger: Logger; clock: Clock }) {
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#redis = createClient(address);
    this.hasSlots = this.#redis instanceof Cluster;
    this.placeOf = this.hasSlots ? slotOf : () => 0;
    this.#batches = new ScriptBatches(
      (script, keys, args) => this.runOn(script, keys, args),
      this.placeOf,
    );
    this.#redis.on("error", (error: Error) => this.#logAway(error));
    this.#redis.on("end", () => this.#logger.debug("redis connection ended"));
    connectAgain(this.#redis, this.#clock, () => !this.#closed);
  }

  /** Runs a script that answers for each of its keys on this one, together with who else runs it in the same turn. */
  run(
    script: LuaScript,
    key: string,
    args: readonly string[],
  ): Promise<unknown> {
    return this.#batches.run(script, key, args);
  }

  /** Runs a script by its digest; Redis is given the source when it does not have it (yet, or any more after a restart). */
  async runOn(
    script: LuaScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    try {
      return await this.command((redis) =>
        sendEvalSha(redis, script.sha1, keys, args),
      );
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return await this.command((redis) =>
        redis.eval(script.source, keys.length, ...keys, ...args),
      );
    }
  }

  /** Runs a command. Rejects with StoreUnavailableError when there is no answer within a second. */
  async command<T>(run: (redis: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await this.#inTime(this.#ready().then(() => run(this.#redis)));
    } catch (error) {
      if (error instanceof StoreUnavailableError || isReply(error)) throw error;
      throw new StoreUnavailableError("Redis did not answer.", error);
    }
  }

  /** Rejects unless Redis answers and, of a cluster, every slot is served. */
  async check(): Promise<void> {
    await this.command(async (redis) => {
      if (!(redis instanceof Cluster)) return redis.ping();
      const info = await redis.cluster("INFO");
      if (!info.includes("cluster_state:ok"))
        throw new StoreUnavailableError("Part of the Redis cluster is away.");
      return info;
    });
  }

  /** A connection of its own to listen on, until it is closed: what is asked of it waits for Redis to be there. */
  listener(): { readonly redis: RedisClient; close(): void } {
    const redis = listenerOf(this.#redis);
    let closed = false;
    redis.on("error", (error: Error) => this.#logAway(error));
    connectAgain(redis, this.#clock, () => !closed);
    return {
      redis,
      close: () => {
        closed = true;
        redis.disconnect();
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    try {
      if (this.#redis.status === "ready")
        await this.#inTime(this.#redis.quit());
    } catch {
      // Nothing is owed to a server that does not take our leave.
    }
    this.#redis.disconnect();
  }

  /** Resolves at once while connected; otherwise with the next connection, for everyone who waits. The caller's time runs. */
  #ready(): Promise<void> {
    if (this.#redis.status === "ready") return Promise.resolve();
    this.#connecting ??= this.#nextConnection().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  #nextConnection(): Promise<void> {
    const redis = this.#redis;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => (): void => {
        redis.off("ready", onReady);
        redis.off("end", onEnd);
        timer.cancel();
        end();
      };
      const away = (): void =>
        reject(new StoreUnavailableError("Redis cannot be reached."));
      const onReady = settle(resolve);
      const onEnd = settle(away);
      const timer = this.#clock.setTimeout(settle(away), COMMAND_TIMEOUT_MS);
      redis.on("ready", onReady);
      redis.on("end", onEnd);
      if (redis.status === "end") onEnd();
    });
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timeOut = (): void =>
        reject(
          new StoreUnavailableError(
            `Redis did not answer within ${COMMAND_TIMEOUT_MS} ms.`,
          ),
        );
      const timer = this.#clock.setTimeout(
        // A process that stood still reads first what has come meanwhile: timers run before the sockets.
        () => setImmediate(timeOut),
        COMMAND_TIMEOUT_MS,
      );
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #logAway(error: Error): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#lastLogMs < LOG_INTERVAL_MS) return;
    this.#lastLogMs = now;
    this.#logger.warn({ err: error }, "redis is away; trying again");
  }
}

/** `redis.evalsha`, but now: what calls this has gathered a turn's worth already, and need not wait for others once more. */
async function sendEvalSha(
  redis: RedisClient,
  sha1: string,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const all = [sha1, String(keys.length), ...keys, ...args];
  return await redis.sendCommand(
    new Command("evalsha", all, { replyEncoding: "utf8" }),
  );
}

/** Whether Redis itself answered with an error, as opposed to not answering, or to being on its way up or to another master. */
function isReply(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === "ReplyError" &&
    !AWAY.test(error.message)
  );
}

const AWAY =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS)\b/;

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
