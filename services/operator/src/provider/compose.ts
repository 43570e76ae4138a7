import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import type { Channel } from "../api/index.js";
import {
  createController,
  keysFrom,
  type Controller,
  type EventRecorder,
  type Kubernetes,
  type ObjectCache,
} from "../runtime/index.js";
import type { DefaultCredentials } from "./credentials.js";
import { countChannels, countRequests } from "./metrics.js";
import { connectTo } from "./numbers.js";
import { ProviderReconciler } from "./reconciler.js";
import type { PublicAddresses } from "./target.js";

/** Each waits for a provider's answer; how many a second there are is limited for each account. */
const workers = 8;

export interface ProviderDeps {
  readonly kubernetes: Kubernetes;
  readonly channels: ObjectCache<Channel>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface ProviderSettings {
  readonly urls: PublicAddresses;
  readonly defaults: DefaultCredentials;
  readonly twilioApiUrl: string;
  readonly graphApiUrl: string;
  readonly checkMs: number;
  readonly resyncMs: number;
  /** How long a provider that does not answer is waited for when a Channel goes; default: four minutes. */
  readonly giveUpAfterMs?: number;
}

/** What keeps numbers set at their providers. */
export function composeProvider(
  deps: ProviderDeps,
  settings: ProviderSettings,
): {
  readonly controllers: readonly Controller[];
  readonly informers: readonly [];
} {
  const { clock } = deps;
  const { twilioApiUrl, graphApiUrl } = settings;
  countChannels(deps.metrics, deps.channels);
  const reconciler = new ProviderReconciler({
    ...deps,
    ...settings,
    connect: countRequests(
      deps.metrics,
      connectTo({ twilioApiUrl, graphApiUrl, clock }),
    ),
  });
  const controller = createController({
    ...deps,
    reconciler,
    sources: [keysFrom(deps.channels)],
    workers,
    resyncMs: settings.resyncMs,
  });
  return { controllers: [controller], informers: [] };
}
