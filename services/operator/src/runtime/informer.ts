import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import { z } from "zod";
import { backoffMs } from "./backoff.js";
import { isExpired, isNotFound } from "./errors.js";
import type { Kubernetes, Selection, WatchEvent } from "./kubernetes.js";
import type { CacheListener, ObjectCache } from "./object-cache.js";
import { keyText, type ObjectKey } from "./object-key.js";
import { givenUp, pause } from "./pause.js";
import type { ResourceType } from "./resources.js";

export interface InformerDeps {
  readonly kubernetes: Kubernetes;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface InformerOptions<T> {
  readonly type: ResourceType;
  readonly selection: Selection;
  /** What of an object is kept. May throw: an object that cannot be read is logged and left out. */
  readonly parse: (raw: unknown) => T;
  /** The kind may not exist on this server: then there is nothing, and it is looked for now and then. */
  readonly optional?: boolean;
}

const RETRY = { firstMs: 250, longestMs: 15_000 };

/** A kind that does not exist is looked for so often. */
const MISSING_KIND_MS = 60_000;

/** A watch that ended sooner than this did not work: opened again at once, it would be a storm. */
const SHORT_WATCH_MS = 1_000;

const metadataSchema = z.object({
  metadata: z.object({
    name: z.string().default(""),
    namespace: z.string().default(""),
    resourceVersion: z.string().default(""),
  }),
});

interface Cached<T> {
  readonly key: ObjectKey;
  readonly resourceVersion: string;
  readonly object: T;
}

/**
 * Lists a kind, then watches it, for ever. A watch that the API server ends is opened again where it was; after
 * anything else (no answer, 410, an event that cannot be read) everything is listed again, so that what happened
 * meanwhile is seen by its outcome: changed, new or gone.
 */
export class Informer<T> implements ObjectCache<T> {
  readonly #deps: InformerDeps;
  readonly #options: InformerOptions<T>;
  readonly #objects = new Map<string, Cached<T>>();
  readonly #listeners = new Set<CacheListener<T>>();
  readonly #stopping = new AbortController();
  readonly #restarts;
  #resourceVersion: string | undefined;
  #synced = false;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(deps: InformerDeps, options: InformerOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    this.#restarts = deps.metrics.counter(
      "easymo_operator_watch_restarts_total",
      "Watches opened again, by why: ended (by the API server, as it should), expired (410), failed.",
      ["resource", "reason"],
    );
  }

  /** Begins; returns at once. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyText(key))?.object;
  }

  list(): readonly T[] {
    return Array.from(this.#objects.values(), ({ object }) => object);
  }

  keys(): readonly ObjectKey[] {
    return Array.from(this.#objects.values(), ({ key }) => key);
  }

  synced(): boolean {
    return this.#synced;
  }

  onChange(listener: CacheListener<T>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!givenUp(signal)) {
      try {
        this.#resourceVersion ??= await this.#list(signal);
        await this.#watch(this.#resourceVersion, signal);
      } catch (error) {
        if (givenUp(signal)) return;
        await this.#afterFailure(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { type, selection } = this.#options;
    const seen = new Set<string>();
    const { resourceVersion } = await this.#deps.kubernetes.list(
      type,
      selection,
      (item) => {
        const { key } = identityOf(item);
        seen.add(keyText(key));
        this.#take(item);
      },
      signal,
    );
    for (const [text, { key }] of this.#objects)
      if (!seen.has(text)) this.#drop(key);
    this.#becameSynced();
    return resourceVersion;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { clock, kubernetes } = this.#deps;
    const { type, selection } = this.#options;
    const startedMs = clock.monotonicMs();
    await kubernetes.watch(type, selection, {
      resourceVersion,
      onEvent: (event) => this.#onEvent(event),
      signal,
    });
    if (signal.aborted) return;
    this.#restarts.inc({ resource: type.plural, reason: "ended" });
    if (clock.monotonicMs() - startedMs < SHORT_WATCH_MS)
      await this.#waitLonger(signal);
    else this.#failures = 0;
  }

  #onEvent({ type, object }: WatchEvent): void {
    const { key, resourceVersion } = identityOf(object);
    if (type === "DELETED") this.#drop(key);
    else if (type !== "BOOKMARK") this.#take(object);
    // Only now: an event that could not be taken is seen again in the list.
    this.#resourceVersion = resourceVersion;
    this.#failures = 0;
  }

  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    const { logger, clock } = this.#deps;
    const { type, optional } = this.#options;
    const resource = type.plural;
    this.#resourceVersion = undefined;
    if (optional === true && isNotFound(error)) {
      for (const key of this.keys()) this.#drop(key);
      this.#becameSynced();
      logger.debug({ resource }, "the API server has no such kind");
      await pause(clock, MISSING_KIND_MS, signal);
      return;
    }
    const reason = isExpired(error) ? "expired" : "failed";
    this.#restarts.inc({ resource, reason });
    const why = error instanceof Error ? error.message : String(error);
    logger.warn({ resource, reason, why }, "listing again");
    await this.#waitLonger(signal);
  }

  #waitLonger(signal: AbortSignal): Promise<void> {
    this.#failures += 1;
    const { clock, random = Math.random } = this.#deps;
    return pause(clock, backoffMs(this.#failures, RETRY, random()), signal);
  }

  #take(raw: unknown): void {
    const { key, resourceVersion } = identityOf(raw);
    const text = keyText(key);
    if (
      resourceVersion !== "" &&
      this.#objects.get(text)?.resourceVersion === resourceVersion
    )
      return;
    const object = this.#parsed(key, raw);
    if (object === undefined) {
      this.#drop(key);
      return;
    }
    this.#objects.set(text, { key, resourceVersion, object });
    this.#tell(key, object);
  }

  #drop(key: ObjectKey): void {
    if (this.#objects.delete(keyText(key))) this.#tell(key, undefined);
  }

  #parsed(key: ObjectKey, raw: unknown): T | undefined {
    try {
      return this.#options.parse(raw);
    } catch (error) {
      const resource = this.#options.type.plural;
      this.#deps.logger.error(
        { err: error, resource, object: keyText(key) },
        "an object cannot be read: it is left out",
      );
      return undefined;
    }
  }

  #tell(key: ObjectKey, object: T | undefined): void {
    for (const listener of this.#listeners) listener(key, object);
  }

  #becameSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    const resource = this.#options.type.plural;
    this.#deps.logger.info({ resource, objects: this.#objects.size }, "listed");
  }
}

function identityOf(raw: unknown): { key: ObjectKey; resourceVersion: string } {
  const { name, namespace, resourceVersion } =
    metadataSchema.parse(raw).metadata;
  return { key: { namespace, name }, resourceVersion };
}
