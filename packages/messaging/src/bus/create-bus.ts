import type { Bus, BusDependencies, BusSettings } from "./bus.js";
import { KafkaBus } from "./kafka/kafka-bus.js";
import { createMemoryBus } from "./memory/memory-bus.js";

/**
 * The bus of a configuration: Kafka, or with `memory:` one inside this process (each call makes another). Connects when
 * it is first used; brokers that are away are waited for, and come back by themselves.
 */
export function createBus(settings: BusSettings, deps: BusDependencies): Bus {
  return settings.brokers === "memory:"
    ? createMemoryBus(deps)
    : new KafkaBus(settings, deps);
}
