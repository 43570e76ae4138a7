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
  /** What was being done: default `Reconcile`. */
  readonly action?: string;
}

/** Says what happened where `kubectl describe` shows it. Never throws, never waits; the same again is a count. */
export interface EventRecorder {
  record(target: EventTarget, event: EventToRecord): void;
}
