import type { Clock } from "@easymo/service-kit";
import {
  parseChannel,
  providerFinalizer,
  providerMemoryAnnotation,
  type Channel,
} from "../api/index.js";
import { createMeta } from "../providers/meta.js";
import type { NumberProvider } from "../providers/provider.js";
import { createTwilio } from "../providers/twilio.js";
import {
  resources,
  type Kubernetes,
  type ReconcileContext,
} from "../runtime/index.js";
import type { Credentials } from "./credentials.js";
import { memoryText, type ProviderMemory } from "./memory.js";

/** A provider that answers later than this does not answer. */
const timeoutMs = 10_000;

/** Opens a provider with a channel's credentials. */
export type ConnectProvider = (credentials: Credentials) => NumberProvider;

/** The real ones, at their own addresses or others'. */
export function connectTo(options: {
  readonly twilioApiUrl: string;
  readonly graphApiUrl: string;
  readonly clock: Clock;
}): ConnectProvider {
  const common = { timeoutMs, now: () => options.clock.now() };
  return (credentials) =>
    credentials.kind === "twilio"
      ? createTwilio({
          ...common,
          ...credentials,
          apiUrl: options.twilioApiUrl,
        })
      : createMeta({ ...common, ...credentials, apiUrl: options.graphApiUrl });
}

/** The Channel as the API server has it now; undefined when it has gone, or another one has come in its place. */
export async function freshly(
  kubernetes: Kubernetes,
  { metadata }: Channel,
): Promise<Channel | undefined> {
  const { namespace, name, uid } = metadata;
  const raw = await kubernetes.read(resources.channels, { namespace, name });
  const parsed = raw === undefined ? undefined : parseChannel(raw);
  return parsed?.ok === true && parsed.value.metadata.uid === uid
    ? parsed.value
    : undefined;
}

/**
 * Writes what a Channel has to remember, and keeps it until that is taken back; `undefined` to forget. A conflict when it
 * was changed since it was read.
 */
export async function remember(
  kubernetes: Kubernetes,
  { metadata }: Channel,
  memory: ProviderMemory | undefined,
  context: ReconcileContext,
): Promise<void> {
  const { namespace, name, finalizers, resourceVersion } = metadata;
  context.assertLeader();
  await kubernetes.patchMetadata(
    resources.channels,
    { namespace, name },
    {
      annotations: {
        [providerMemoryAnnotation]:
          memory === undefined ? null : memoryText(memory),
      },
      ...(memory === undefined || finalizers.includes(providerFinalizer)
        ? {}
        : { finalizers: [...finalizers, providerFinalizer] }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  );
}

/** Lets a Channel go. A conflict when it was changed since it was read. */
export async function letGo(
  kubernetes: Kubernetes,
  { metadata }: Channel,
  context: ReconcileContext,
): Promise<void> {
  const { namespace, name, finalizers, resourceVersion } = metadata;
  if (!finalizers.includes(providerFinalizer)) return;
  context.assertLeader();
  await kubernetes.patchMetadata(
    resources.channels,
    { namespace, name },
    {
      finalizers: finalizers.filter((one) => one !== providerFinalizer),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  );
}
