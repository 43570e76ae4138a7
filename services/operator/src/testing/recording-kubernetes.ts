import {
  isNotFound,
  KubernetesError,
  keyText,
  resources,
  type ApplyOptions,
  type ConfigMapContent,
  type Kubernetes,
  type MetadataPatch,
  type ObjectKey,
  type ObjectToWrite,
  type ResourceType,
  type Selection,
  type WatchEvent,
} from "../runtime/index.js";
import { isFields, mergePatched, type Fields } from "./merge-patch.js";

export type WriteVerb =
  "apply" | "applyStatus" | "patch" | "create" | "replace" | "delete";

/** A write that came through the door, in order. */
export interface RecordedWrite {
  readonly verb: WriteVerb;
  readonly kind: string;
  readonly key: ObjectKey;
  /** What was handed over: the object, or the patch. */
  readonly body: unknown;
  readonly fieldManager?: string;
}

interface StoredObject {
  readonly kind: string;
  readonly key: ObjectKey;
  readonly fields: Fields;
}

type Watcher = (event: WatchEvent, kind: string) => void;

/**
 * A door to no server: objects in memory, and every write recorded. It merges what is applied (conditions by their type),
 * counts versions and generations, and refuses what is not there or has changed; it knows no schemas and no owners of
 * fields: for that, the suites on a real API server.
 */
export class RecordingKubernetes implements Kubernetes {
  readonly writes: RecordedWrite[] = [];
  readonly #objects = new Map<string, StoredObject>();
  readonly #refusals: { verb: WriteVerb | "read" | "list"; error: Error }[] =
    [];
  readonly #watchers = new Set<Watcher>();
  #version = 0;

  /** Puts an object there as somebody else would: not recorded. */
  put(object: ObjectToWrite): void {
    this.#store(object.kind, object.metadata, { ...object });
  }

  /** Takes an object away as somebody else would: not recorded. */
  take(type: ResourceType, key: ObjectKey): void {
    const text = idOf(type.kind, key);
    const stored = this.#objects.get(text);
    this.#objects.delete(text);
    if (stored !== undefined) this.#tell("DELETED", stored);
  }

  /** The next call of the kind is refused. */
  refuseNext(verb: WriteVerb | "read" | "list", error: Error): void {
    this.#refusals.push({ verb, error });
  }

  /** What is there now; undefined when there is none. */
  object(type: ResourceType, key: ObjectKey): unknown {
    return this.#objects.get(idOf(type.kind, key))?.fields;
  }

  apply(object: ObjectToWrite, options?: ApplyOptions): Promise<unknown> {
    return this.#write("apply", object, object.metadata, object, options, () =>
      this.#merge(object, object.metadata, { ...object }),
    );
  }

  applyStatus(object: ObjectToWrite, options?: ApplyOptions): Promise<unknown> {
    const { metadata } = object;
    return this.#write("applyStatus", object, metadata, object, options, () => {
      this.#existing(object, metadata);
      return this.#merge(object, metadata, { status: object.status });
    });
  }

  patchMetadata(
    type: ResourceType,
    key: ObjectKey,
    patch: MetadataPatch,
  ): Promise<unknown> {
    return this.patch(type, key, { metadata: patch });
  }

  patch(
    type: ResourceType,
    key: ObjectKey,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    return this.#write("patch", type, key, patch, undefined, () => {
      const { fields } = this.#existing(type, key, patch.metadata);
      return this.#store(type.kind, key, mergePatched(fields, patch));
    });
  }

  create(object: ObjectToWrite): Promise<unknown> {
    const { kind, metadata } = object;
    return this.#write("create", object, metadata, object, undefined, () => {
      if (this.#objects.has(idOf(kind, metadata)))
        throw refusal(409, "AlreadyExists", kind, metadata);
      return this.#store(kind, metadata, { ...object });
    });
  }

  replace(object: ObjectToWrite): Promise<unknown> {
    const { kind, metadata } = object;
    return this.#write("replace", object, metadata, object, undefined, () => {
      this.#existing(object, metadata, metadata);
      return this.#store(kind, metadata, { ...object });
    });
  }

  async delete(
    type: ResourceType,
    key: ObjectKey,
    options: { readonly uid?: string } = {},
  ): Promise<void> {
    await this.#write("delete", type, key, options, undefined, () => {
      this.#existing(type, key, options);
      this.take(type, key);
      return undefined;
    }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  async read(type: ResourceType, key: ObjectKey): Promise<unknown> {
    this.#refuseIfTold("read");
    return Promise.resolve(this.object(type, key));
  }

  async list(
    type: ResourceType,
    selection: Selection,
    each: (item: unknown) => void,
  ): Promise<{ readonly resourceVersion: string }> {
    this.#refuseIfTold("list");
    for (const { kind, key, fields } of this.#objects.values())
      if (kind === type.kind && within(selection, key)) each(fields);
    return Promise.resolve({ resourceVersion: String(this.#version) });
  }

  watch(
    type: ResourceType,
    selection: Selection,
    options: {
      readonly onEvent: (event: WatchEvent) => void;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher: Watcher = (event, kind) => {
        if (kind !== type.kind) return;
        try {
          options.onEvent(event);
        } catch (error) {
          this.#watchers.delete(watcher);
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#watchers.add(watcher);
      options.signal.addEventListener("abort", () => {
        this.#watchers.delete(watcher);
        resolve();
      });
    });
  }

  async readSecret(
    key: ObjectKey,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const secret = await this.read(resources.secrets, key);
    if (secret === undefined) return undefined;
    return Object.fromEntries(
      Object.entries(textsAt(secret, "data")).map(([name, value]) => [
        name,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  }

  async readConfigMap(key: ObjectKey): Promise<ConfigMapContent | undefined> {
    const configMap = await this.read(resources.configMaps, key);
    if (!isFields(configMap)) return undefined;
    return {
      data: textsAt(configMap, "data"),
      annotations: textsAt(configMap.metadata, "annotations"),
    };
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #write(
    verb: WriteVerb,
    { kind }: { readonly kind: string },
    { namespace, name }: ObjectKey,
    body: unknown,
    options: ApplyOptions | undefined,
    work: () => unknown,
  ): Promise<unknown> {
    return new Promise((resolve) => {
      this.#refuseIfTold(verb);
      const answer = work();
      const manager = options?.fieldManager;
      this.writes.push({
        verb,
        kind,
        key: { namespace, name },
        body,
        ...(manager === undefined ? {} : { fieldManager: manager }),
      });
      resolve(answer);
    });
  }

  #refuseIfTold(verb: WriteVerb | "read" | "list"): void {
    const at = this.#refusals.findIndex((refusal) => refusal.verb === verb);
    const [told] = at < 0 ? [] : this.#refusals.splice(at, 1);
    if (told !== undefined) throw told.error;
  }

  #existing(
    { kind }: { readonly kind: string },
    key: ObjectKey,
    expected?: unknown,
  ): StoredObject {
    const stored = this.#objects.get(idOf(kind, key));
    if (stored === undefined) throw refusal(404, "NotFound", kind, key);
    const metadata = isFields(stored.fields.metadata)
      ? stored.fields.metadata
      : {};
    for (const field of ["uid", "resourceVersion"])
      if (
        isFields(expected) &&
        expected[field] !== undefined &&
        expected[field] !== metadata[field]
      )
        throw refusal(409, "Conflict", kind, key);
    return stored;
  }

  #merge(
    { kind }: { readonly kind: string },
    key: ObjectKey,
    change: Fields,
  ): Fields {
    const before = this.#objects.get(idOf(kind, key))?.fields ?? {};
    return this.#store(kind, key, mergePatched(before, change));
  }

  #store(kind: string, { namespace, name }: ObjectKey, given: Fields): Fields {
    const key = { namespace, name };
    const id = idOf(kind, key);
    const before = this.#objects.get(id)?.fields;
    const old = isFields(before?.metadata) ? before.metadata : {};
    const own = isFields(given.metadata) ? given.metadata : {};
    const changed = JSON.stringify(before?.spec) !== JSON.stringify(given.spec);
    this.#version += 1;
    const generation = typeof old.generation === "number" ? old.generation : 0;
    const fields: Fields = {
      ...given,
      metadata: {
        uid: `uid-${this.#version}`,
        creationTimestamp: "2026-01-01T00:00:00Z",
        ...old,
        ...own,
        resourceVersion: String(this.#version),
        generation: changed ? generation + 1 : Math.max(1, generation),
      },
    };
    const stored = { kind, key, fields };
    this.#objects.set(id, stored);
    this.#tell(before === undefined ? "ADDED" : "MODIFIED", stored);
    return fields;
  }

  #tell(type: WatchEvent["type"], { kind, fields }: StoredObject): void {
    for (const watcher of this.#watchers)
      watcher({ type, object: fields }, kind);
  }
}

function idOf(kind: string, key: ObjectKey): string {
  return `${kind} ${keyText(key)}`;
}

function within({ namespace }: Selection, key: ObjectKey): boolean {
  return namespace === undefined || namespace === key.namespace;
}

function refusal(
  status: number,
  reason: string,
  kind: string,
  key: ObjectKey,
): KubernetesError {
  return new KubernetesError(`${kind} ${keyText(key)}: ${reason}`, {
    status,
    reason,
  });
}

function textsAt(value: unknown, field: string): Record<string, string> {
  const found = isFields(value) ? value[field] : undefined;
  return Object.fromEntries(
    Object.entries(isFields(found) ? found : {}).map(([name, text]) => [
      name,
      String(text),
    ]),
  );
}
