import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { fieldManager } from "../api/index.js";
import {
  KubernetesConnection,
  statusError,
  type KubernetesRequest,
} from "./connection.js";
import { isNotFound } from "./errors.js";
import type {
  ApplyOptions,
  ConfigMapContent,
  Kubernetes,
  MetadataPatch,
  ObjectToWrite,
  Selection,
  WatchEvent,
} from "./kubernetes.js";
import type { ObjectKey } from "./object-key.js";
import { resources, type ResourceType } from "./resources.js";

/** So many objects are in memory as they came, while a list is read. */
const PAGE_ITEMS = 500;

const APPLY = "application/apply-patch+yaml";
const MERGE_PATCH = "application/merge-patch+json";

const pageSchema = z.object({
  metadata: z.object({
    resourceVersion: z.string().default(""),
    continue: z.string().optional(),
  }),
  items: z.array(z.unknown()),
});

const watchLineSchema = z.object({ type: z.string(), object: z.unknown() });

const changeSchema = z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

const strings = z.record(z.string(), z.string()).default({});

const secretSchema = z.object({ data: strings });

const configMapSchema = z.object({
  data: strings,
  metadata: z.object({ annotations: strings }),
});

const plurals = new Map<string, string>(
  Object.values(resources).map(({ kind, plural }) => [kind, plural]),
);

/**
 * The door to a real API server. Connects when it is first used.
 *
 * @param options.pageItems how many items a list asks for at once
 */
export function createKubernetes(
  config: KubeConfig,
  options: { readonly pageItems?: number } = {},
): Kubernetes {
  return new KubernetesDoor(
    new KubernetesConnection(config),
    options.pageItems ?? PAGE_ITEMS,
  );
}

class KubernetesDoor implements Kubernetes {
  readonly #connection: KubernetesConnection;
  readonly #pageItems: number;

  constructor(connection: KubernetesConnection, pageItems: number) {
    this.#connection = connection;
    this.#pageItems = pageItems;
  }

  apply(object: ObjectToWrite, options?: ApplyOptions): Promise<unknown> {
    return this.#apply(object, "", options);
  }

  applyStatus(object: ObjectToWrite, options?: ApplyOptions): Promise<unknown> {
    return this.#apply(object, "/status", options);
  }

  patchMetadata(
    type: ResourceType,
    key: ObjectKey,
    patch: MetadataPatch,
  ): Promise<unknown> {
    return this.patch(type, key, { metadata: patch });
  }

  create(object: ObjectToWrite): Promise<unknown> {
    return this.#json({
      method: "POST",
      path: collection(typeOf(object), object.metadata.namespace),
      query: { fieldManager },
      body: object,
    });
  }

  replace(object: ObjectToWrite): Promise<unknown> {
    return this.#json({
      method: "PUT",
      path: one(typeOf(object), object.metadata),
      query: { fieldManager },
      body: object,
    });
  }

  patch(
    type: ResourceType,
    key: ObjectKey,
    patch: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    return this.#json({
      method: "PATCH",
      path: one(type, key),
      query: { fieldManager },
      body: patch,
      contentType: MERGE_PATCH,
    });
  }

  async delete(
    type: ResourceType,
    key: ObjectKey,
    options: { readonly uid?: string } = {},
  ): Promise<void> {
    const { uid } = options;
    await orUndefined(
      this.#json({
        method: "DELETE",
        path: one(type, key),
        body: uid === undefined ? {} : { preconditions: { uid } },
      }),
    );
  }

  read(type: ResourceType, key: ObjectKey): Promise<unknown> {
    return orUndefined(this.#json({ method: "GET", path: one(type, key) }));
  }

  async list(
    type: ResourceType,
    selection: Selection,
    each: (item: unknown) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly resourceVersion: string }> {
    let next: string | undefined;
    for (;;) {
      const page = pageSchema.parse(
        await this.#json({
          method: "GET",
          path: collection(type, selection.namespace),
          query: {
            ...selectors(selection),
            limit: String(this.#pageItems),
            continue: next,
          },
          signal,
        }),
      );
      for (const item of page.items) each(item);
      next = page.metadata.continue;
      // Every page is of the first one's version.
      if (next === undefined || next === "")
        return { resourceVersion: page.metadata.resourceVersion };
    }
  }

  async watch(
    type: ResourceType,
    selection: Selection,
    options: {
      readonly resourceVersion: string;
      readonly onEvent: (event: WatchEvent) => void;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const path = collection(type, selection.namespace);
    await this.#connection.lines(
      {
        method: "GET",
        path,
        query: {
          ...selectors(selection),
          watch: "true",
          allowWatchBookmarks: "true",
          resourceVersion: options.resourceVersion,
        },
        signal: options.signal,
      },
      (line) => {
        const event = watchLineSchema.parse(JSON.parse(line));
        if (event.type === "ERROR") throw statusError(path, event.object);
        options.onEvent({
          type: changeSchema.parse(event.type),
          object: event.object,
        });
      },
    );
  }

  async readSecret(
    key: ObjectKey,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const secret = await this.read(resources.secrets, key);
    if (secret === undefined) return undefined;
    return Object.fromEntries(
      Object.entries(secretSchema.parse(secret).data).map(([name, value]) => [
        name,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  }

  async readConfigMap(key: ObjectKey): Promise<ConfigMapContent | undefined> {
    const configMap = await this.read(resources.configMaps, key);
    if (configMap === undefined) return undefined;
    const { data, metadata } = configMapSchema.parse(configMap);
    return { data, annotations: metadata.annotations };
  }

  async check(): Promise<void> {
    await this.#json({ method: "GET", path: "/readyz" });
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  #apply(
    object: ObjectToWrite,
    subresource: string,
    options: ApplyOptions = {},
  ): Promise<unknown> {
    return this.#json({
      method: "PATCH",
      path: `${one(typeOf(object), object.metadata)}${subresource}`,
      query: {
        fieldManager: options.fieldManager ?? fieldManager,
        force: String(options.force ?? true),
      },
      body: object,
      contentType: APPLY,
    });
  }

  #json(request: KubernetesRequest): Promise<unknown> {
    return this.#connection.json(request);
  }
}

function typeOf({ apiVersion, kind }: ObjectToWrite): ResourceType {
  const plural = plurals.get(kind);
  if (plural === undefined)
    throw new Error(`The operator does not know the kind ${kind}.`);
  return { apiVersion, kind, plural };
}

function collection(
  { apiVersion, plural }: ResourceType,
  namespace: string | undefined,
): string {
  const group = apiVersion.includes("/") ? "apis" : "api";
  const within =
    namespace === undefined
      ? ""
      : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/${group}/${apiVersion}${within}/${plural}`;
}

function one(type: ResourceType, { namespace, name }: ObjectKey): string {
  return `${collection(type, namespace)}/${encodeURIComponent(name)}`;
}

function selectors({ labelSelector, fieldSelector }: Selection) {
  return { labelSelector, fieldSelector };
}

function orUndefined(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
