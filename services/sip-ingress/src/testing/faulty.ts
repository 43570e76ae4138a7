import {
  StoreUnavailableError,
  type Bus,
  type IdempotencyStore,
  type KeyValueStore,
  type Store,
} from "@easymo/messaging";

/** How a step goes wrong: before it is done, after it, or by never answering. */
export type Fault = "fails" | "is done, but fails" | "hangs" | undefined;

/** The steps of the store that may go wrong. */
export type StoreFaults = Partial<
  Record<"claim" | "confirm" | "release" | "get" | "set", Fault>
>;

/** Told each time that a step hangs. */
type OnHang = () => void;

async function faulty<T>(
  fault: Fault,
  work: () => Promise<T>,
  error: Error,
  onHang: OnHang = () => undefined,
): Promise<T> {
  switch (fault) {
    case undefined:
      return work();
    case "fails":
      throw error;
    case "is done, but fails":
      await work();
      throw error;
    case "hangs":
      onHang();
      return new Promise<T>(() => undefined);
  }
}

/** A bus whose publishing goes wrong as `faults` says now. */
export function faultyBus(
  bus: Bus,
  faults: { publish?: Fault },
  onHang?: OnHang,
): Bus {
  return {
    publish: (records, options) =>
      faulty(
        faults.publish,
        () => bus.publish(records, options),
        new Error("Kafka is away."),
        onHang,
      ),
    publishEvent: (topic, event, options) =>
      bus.publishEvent(topic, event, options),
    subscribe: (options) => bus.subscribe(options),
    check: () => bus.check(),
    close: () => bus.close(),
  };
}

/** A store whose steps go wrong as `faults` says now. */
export function faultyStore(
  store: Store,
  faults: StoreFaults,
  onHang?: OnHang,
): Store {
  const away = new StoreUnavailableError("Redis did not answer.");
  const idempotency: IdempotencyStore = {
    claim: (...args) =>
      faulty(
        faults.claim,
        () => store.idempotency.claim(...args),
        away,
        onHang,
      ),
    confirm: (...args) =>
      faulty(
        faults.confirm,
        () => store.idempotency.confirm(...args),
        away,
        onHang,
      ),
    extend: (...args) => store.idempotency.extend(...args),
    release: (...args) =>
      faulty(
        faults.release,
        () => store.idempotency.release(...args),
        away,
        onHang,
      ),
  };
  const keyValue: KeyValueStore = {
    get: (...args) =>
      faulty(faults.get, () => store.keyValue.get(...args), away, onHang),
    set: (...args) =>
      faulty(faults.set, () => store.keyValue.set(...args), away, onHang),
    setIfAbsent: (...args) => store.keyValue.setIfAbsent(...args),
    compareAndSet: (...args) => store.keyValue.compareAndSet(...args),
    delete: (...args) => store.keyValue.delete(...args),
  };
  return {
    idempotency,
    keyValue,
    versioned: store.versioned,
    broadcasts: store.broadcasts,
    check: () => store.check(),
    close: () => store.close(),
  };
}
