import { createHash, randomBytes } from "node:crypto";
import type { Clock, Counter, Logger, Metrics } from "@easymo/service-kit";
import { apiGroup } from "../api/index.js";
import { microTimestamp } from "./conditions.js";
import type { Kubernetes, ObjectToWrite } from "./kubernetes.js";
import type { ObjectKey } from "./object-key.js";
import { pause } from "./pause.js";
import { resources } from "./resources.js";
import { TokenBucket } from "./token-bucket.js";

/** What an event is about. */
export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
  };
}

export interface EventToRecord {
  readonly type: "Normal" | "Warning";
  /** One word in CamelCase, that programs can rely on. */
  readonly reason: string;
  /** A sentence for a person. */
  readonly message: string;
  /** What was being done; default: `Reconcile`. */
  readonly action?: string;
}

/** Says what happened where `kubectl describe` shows it. Never throws, never waits; the same again is a count. */
export interface EventRecorder {
  record(target: EventTarget, event: EventToRecord): void;
}

export interface EventRecorderOptions {
  readonly kubernetes: Kubernetes;
  /** The replica that says it. */
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** The same within this time of the last is the same series; Kubernetes' own recorders take as long. */
const SERIES_MS = 6 * 60_000;

/** A series' count is written so often at most. */
const COUNT_EVERY_MS = 10_000;

/** So many series are remembered; the longest unheard of are forgotten first. */
const MAX_SERIES = 2_048;

/** Of one object, so many events at once, then one in so long: who has more to say repeats himself. */
const PER_OBJECT_AT_ONCE = 25;
const PER_OBJECT_EVERY_MS = 60_000;

/** Of all objects together, so many at once, then so many a second: a first look at thousands is no storm of events. */
const AT_ONCE = 300;
const PER_SECOND = 20;

/** What waits to be written; beyond that, it is dropped and counted. */
const MAX_WAITING = 1_000;

/** How long what waits may still be written when the operator stops. */
const LAST_WORDS_MS = 3_000;

/** events.k8s.io/v1 refuses a longer note, reporting instance, or name. */
const MAX_NOTE_CHARACTERS = 1_000;
const MAX_INSTANCE_CHARACTERS = 128;
const MAX_NAME_CHARACTERS = 230;

interface Series {
  readonly key: ObjectKey;
  count: number;
  heardMs: number;
  writtenMs: number;
}

/** Writes events, one after the other, in the background. */
export class KubernetesEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #total: Counter<"outcome">;
  readonly #pace: TokenBucket;
  readonly #stopping = new AbortController();
  #writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#pace = new TokenBucket({
      perSecond: PER_SECOND,
      atOnce: AT_ONCE,
      clock: options.clock,
    });
    this.#total = options.metrics.counter(
      "easymo_operator_events_total",
      "Kubernetes events: written (new ones and counts), repeated (only counted), dropped (too many), failed.",
      ["outcome"],
    );
  }

  record(target: EventTarget, event: EventToRecord): void {
    const nowMs = this.#options.clock.monotonicMs();
    const id = seriesId(target, event);
    const known = this.#series.get(id);
    this.#series.delete(id);
    if (known !== undefined && nowMs - known.heardMs < SERIES_MS) {
      this.#series.set(id, known);
      this.#again(known, nowMs);
      return;
    }
    if (!this.#bucketOf(target.metadata.uid).tryTake()) {
      this.#total.inc({ outcome: "dropped" });
      return;
    }
    const key = eventKey(target);
    this.#series.set(id, { key, count: 1, heardMs: nowMs, writtenMs: nowMs });
    forgetOldest(this.#series);
    const object = this.#object(key, target, event);
    this.#later(async () => {
      await this.#options.kubernetes.create(object);
    });
  }

  /** Resolves when what was recorded so far is written, could not be, or took too long. */
  async flush(): Promise<void> {
    const written = new AbortController();
    this.#stopping.abort();
    await Promise.race([
      this.#writing,
      pause(this.#options.clock, LAST_WORDS_MS, written.signal),
    ]);
    written.abort();
  }

  #again(series: Series, nowMs: number): void {
    series.count += 1;
    series.heardMs = nowMs;
    if (nowMs - series.writtenMs < COUNT_EVERY_MS && series.count > 2) {
      this.#total.inc({ outcome: "repeated" });
      return;
    }
    series.writtenMs = nowMs;
    const { count, key } = series;
    const lastObservedTime = microTimestamp(this.#options.clock.now());
    this.#later(async () => {
      await this.#options.kubernetes.patch(resources.events, key, {
        series: { count, lastObservedTime },
      });
    });
  }

  #later(write: () => Promise<void>): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#total.inc({ outcome: "dropped" });
      return;
    }
    this.#waiting.push(write);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    for (
      let write = this.#waiting.shift();
      write !== undefined;
      write = this.#waiting.shift()
    ) {
      const waitMs = this.#pace.take();
      // The last words need not wait their turn.
      await pause(this.#options.clock, waitMs, this.#stopping.signal);
      try {
        await write();
        this.#total.inc({ outcome: "written" });
      } catch (error) {
        // An event is a courtesy: the condition says the same, and stays.
        this.#total.inc({ outcome: "failed" });
        this.#options.logger.debug({ err: error }, "an event was not written");
      }
    }
    this.#writing = undefined;
  }

  #bucketOf(uid: string): TokenBucket {
    const bucket =
      this.#buckets.get(uid) ??
      new TokenBucket({
        perSecond: 1_000 / PER_OBJECT_EVERY_MS,
        atOnce: PER_OBJECT_AT_ONCE,
        clock: this.#options.clock,
      });
    this.#buckets.delete(uid);
    this.#buckets.set(uid, bucket);
    forgetOldest(this.#buckets);
    return bucket;
  }

  #object(
    key: ObjectKey,
    target: EventTarget,
    event: EventToRecord,
  ): ObjectToWrite {
    const { apiVersion, kind } = resources.events;
    return {
      apiVersion,
      kind,
      metadata: key,
      eventTime: microTimestamp(this.#options.clock.now()),
      type: event.type,
      reason: event.reason,
      note: event.message.slice(0, MAX_NOTE_CHARACTERS),
      action: event.action ?? "Reconcile",
      reportingController: `${apiGroup}/operator`,
      reportingInstance: this.#options.instance.slice(
        0,
        MAX_INSTANCE_CHARACTERS,
      ),
      regarding: {
        apiVersion: target.apiVersion,
        kind: target.kind,
        name: target.metadata.name,
        namespace: target.metadata.namespace,
        uid: target.metadata.uid,
      },
    };
  }
}

function seriesId(target: EventTarget, event: EventToRecord): string {
  return createHash("sha256")
    .update(
      JSON.stringify([
        target.metadata.uid,
        event.type,
        event.reason,
        event.action,
        event.message,
      ]),
    )
    .digest("base64");
}

function eventKey({ metadata }: EventTarget): ObjectKey {
  const name = metadata.name.slice(0, MAX_NAME_CHARACTERS);
  return {
    namespace: metadata.namespace,
    name: `${name}.${randomBytes(8).toString("hex")}`,
  };
}

/** Maps keep the order of setting: the first is the longest unused. */
function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= MAX_SERIES) return;
    map.delete(key);
  }
}
