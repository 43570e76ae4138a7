import type { Bus } from "@easymo/messaging";

/**
 * The one bus of the process, for a service that closes its own when it ends:
 * the others still have something to say.
 */
export function sharedBus(bus: Bus): Bus {
  return {
    publish: (records, options) => bus.publish(records, options),
    publishEvent: (topic, event) => bus.publishEvent(topic, event),
    subscribe: (options) => bus.subscribe(options),
    check: () => bus.check(),
    close: () => Promise.resolve(),
  };
}
