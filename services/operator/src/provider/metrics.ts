import type { Metrics } from "@easymo/service-kit";
import type { Channel } from "../api/index.js";
import { ProviderError, type NumberProvider } from "../providers/provider.js";
import type { ObjectCache } from "../runtime/index.js";
import type { ConnectProvider } from "./numbers.js";

/** Counts the Channels by whether people are answered there, and why not, at each scrape. */
export function countChannels(
  metrics: Metrics,
  channels: ObjectCache<Channel>,
): void {
  metrics.gauge(
    "easymo_operator_channels",
    "Channels by their condition Ready.",
    ["ready", "reason"],
    (gauge) => {
      gauge.reset();
      for (const { status } of channels.list()) {
        const found = status?.conditions?.find(({ type }) => type === "Ready");
        gauge.inc({
          ready: found?.status ?? "Unknown",
          reason: found?.reason ?? "Pending",
        });
      }
    },
  );
}

/** Counts what is asked of providers, by what came of it. */
export function countRequests(
  metrics: Metrics,
  connect: ConnectProvider,
): ConnectProvider {
  const requests = metrics.counter(
    "easymo_operator_provider_requests_total",
    "Looks at and changes of numbers at their providers, by what came of them.",
    ["provider", "outcome"],
  );
  return (credentials) => {
    const provider = connect(credentials);
    const counted = async <T>(request: Promise<T>): Promise<T> => {
      const outcome = await request.then(
        () => "success",
        (error: unknown) =>
          error instanceof ProviderError ? error.reason : "given_up",
      );
      requests.inc({ provider: credentials.kind, outcome });
      return request;
    };
    return {
      find: (...asked) => counted(provider.find(...asked)),
      write: (...asked) => counted(provider.write(...asked)),
    } satisfies NumberProvider;
  };
}
