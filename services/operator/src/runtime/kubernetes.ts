import type { ObjectKey } from "./object-key.js";
import type { ResourceType } from "./resources.js";

/** An object as it is handed to the API server. */
export interface ObjectToWrite {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    /** Refused with a conflict when the object is another one by now; without it, `apply` makes what is missing. */
    readonly uid?: string;
    /** Refused with a conflict when the object was changed since. */
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
  };
  readonly [field: string]: unknown;
}

/** What of an object's metadata is to change; the rest stays as it is. */
export interface MetadataPatch {
  /** `null` takes one away. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly labels?: Readonly<Record<string, string | null>>;
  /** The whole list: give `resourceVersion` too, so that nobody else's is lost. */
  readonly finalizers?: readonly string[];
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface ApplyOptions {
  /**
   * Who owns the fields from now on; default: the operator. An apply takes away what its manager set before and does
   * not set now, so two that write different conditions of one status need two managers.
   */
  readonly fieldManager?: string;
  /** Takes fields from whoever owns them; default: yes, as controllers should. */
  readonly force?: boolean;
}

/** One event of a watch, as it came. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: unknown;
}

export interface Selection {
  /** Undefined: every namespace. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/**
 * The one door to the API server. Everything that it answers is `unknown` until it is parsed. Rejects with
 * KubernetesError.
 */
export interface Kubernetes {
  /** Server-side apply: makes the object, or makes it so; gives it as it is then. */
  apply(object: ObjectToWrite, options?: ApplyOptions): Promise<unknown>;
  /** Server-side apply of the status alone; the object must be there. */
  applyStatus(object: ObjectToWrite, options?: ApplyOptions): Promise<unknown>;
  /** Changes labels, annotations or finalizers, and nothing else; the object must be there. */
  patchMetadata(
    type: ResourceType,
    key: ObjectKey,
    patch: MetadataPatch,
  ): Promise<unknown>;
  create(object: ObjectToWrite): Promise<unknown>;
  /** Puts the whole object; with `resourceVersion`, only if it is still that one. */
  replace(object: ObjectToWrite): Promise<unknown>;
  /** JSON merge patch (RFC 7396) of the whole object. */
  patch(
    type: ResourceType,
    key: ObjectKey,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<unknown>;
  /** Gone already is well. With `uid`, only that very object. */
  delete(
    type: ResourceType,
    key: ObjectKey,
    options?: { readonly uid?: string },
  ): Promise<void>;
  /** Undefined when there is none. */
  read(type: ResourceType, key: ObjectKey): Promise<unknown>;
  /** All of a kind, page by page; `each` sees every item, so that nobody need hold them all. */
  list(
    type: ResourceType,
    selection: Selection,
    each: (item: unknown) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly resourceVersion: string }>;
  /** What happens from a version on; ends when the API server ends it, rejects (410: see `isExpired`) or aborts. */
  watch(
    type: ResourceType,
    selection: Selection,
    options: {
      readonly resourceVersion: string;
      readonly onEvent: (event: WatchEvent) => void;
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
  /** A Secret's entries, decoded; undefined when there is none. */
  readSecret(
    key: ObjectKey,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /** Undefined when there is none. */
  readConfigMap(key: ObjectKey): Promise<ConfigMapContent | undefined>;
  /** Rejects when the API server does not answer, or does not know us. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface ConfigMapContent {
  readonly data: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
