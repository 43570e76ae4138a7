import type { Clock, Gauge, Metrics } from "@easymo/service-kit";
import type { RoutingTable } from "./table.js";

export interface ChannelTrafficDeps {
  readonly metrics: Metrics;
  readonly clock: Clock;
  routing(): RoutingTable;
  /** The names of channels that have traffic at this moment; asked for at each scrape. */
  busy?(): Iterable<string | undefined>;
}

/**
 * When something last came in or went out on each channel that has a name. The label is that name, never the address;
 * a channel that has left the routing document leaves the metric too.
 */
export class ChannelTraffic {
  readonly #deps: ChannelTrafficDeps;
  readonly #seenAtMs = new Map<string, number>();

  constructor(deps: ChannelTrafficDeps) {
    this.#deps = deps;
    deps.metrics.gauge(
      "easymo_channel_last_traffic_timestamp_seconds",
      "When something last came in or went out on a channel, by its name",
      ["channel"],
      (gauge) => this.#collect(gauge),
    );
  }

  /** Something came in or went out on this channel just now. */
  seen(channel: { readonly name?: string | undefined }): void {
    if (channel.name !== undefined)
      this.#seenAtMs.set(channel.name, this.#deps.clock.now());
  }

  #collect(gauge: Gauge<"channel">): void {
    for (const name of this.#deps.busy?.() ?? []) this.seen({ name });
    const { channels } = this.#deps.routing();
    const named = new Set(channels.map(({ name }) => name));
    gauge.reset();
    for (const [name, seenAtMs] of this.#seenAtMs)
      if (named.has(name)) gauge.set({ channel: name }, seenAtMs / 1_000);
      else this.#seenAtMs.delete(name);
  }
}
