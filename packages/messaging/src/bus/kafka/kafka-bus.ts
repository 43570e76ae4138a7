import type { Kafka } from "kafkajs";
import type { Logger } from "pino";
import { hostClock, type Clock } from "../../clock.js";
import { BusUnavailableError } from "../../errors.js";
import type { EasymoEvent } from "../../events/event.js";
import { recordOf } from "../../events/records.js";
import { busMetrics } from "../../metrics.js";
import type { TopicName } from "../../topics/catalogue.generated.js";
import type {
  Bus,
  BusDependencies,
  BusRecord,
  BusSettings,
  PublishOptions,
  SubscribeOptions,
  Subscription,
} from "../bus.js";
import { ClusterAdmin } from "./admin.js";
import { kafkaClient } from "./client.js";
import { GroupOffsets } from "./group-offsets.js";
import { Producers } from "./producers.js";
import { Publisher } from "./publisher.js";
import { KafkaSubscription } from "./subscription.js";

const CHECK_TIMEOUT_MS = 2_000;
const CLOSE_GRACE_MS = 5_000;

/** The bus on Kafka. Connects when it is first used. */
export class KafkaBus implements Bus {
  readonly #settings: BusSettings;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kafka: Kafka;
  readonly #admin: ClusterAdmin;
  readonly #publisher: Publisher;
  readonly #subscriptions = new Set<Subscription>();
  #closed: Promise<void> | undefined;

  constructor(settings: BusSettings, deps: BusDependencies) {
    this.#settings = settings;
    this.#logger = deps.logger;
    this.#clock = deps.clock ?? hostClock;
    this.#kafka = kafkaClient(settings, deps.logger);
    this.#admin = new ClusterAdmin(this.#kafka);
    this.#publisher = new Publisher({
      admin: this.#admin,
      producers: new Producers(this.#kafka),
      clock: this.#clock,
      logger: deps.logger,
      metrics: busMetrics(deps.metrics),
    });
  }

  publish(
    records: readonly BusRecord[],
    options?: PublishOptions,
  ): Promise<void> {
    return this.#publisher.publish(records, options);
  }

  async publishEvent(
    topic: TopicName,
    event: EasymoEvent,
    options?: PublishOptions,
  ): Promise<void> {
    await this.#publisher.publish([recordOf(topic, event)], options);
  }

  subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.#closed !== undefined) {
      return Promise.reject(new BusUnavailableError("The bus is closed."));
    }
    const subscription = new KafkaSubscription(
      kafkaClient(this.#settings, this.#logger),
      new GroupOffsets(this.#admin, options.group),
      options,
      {
        clock: this.#clock,
        logger: this.#logger,
        onStop: () => void this.#subscriptions.delete(subscription),
      },
    );
    this.#subscriptions.add(subscription);
    subscription.begin();
    return Promise.resolve(subscription);
  }

  async check(): Promise<void> {
    const asking = this.#admin.ask((admin) => admin.describeCluster());
    const { brokers } = await new Promise<{ brokers: unknown[] }>(
      (resolve, reject) => {
        const away = (cause?: unknown): void =>
          reject(new BusUnavailableError("The brokers do not answer.", cause));
        const timer = this.#clock.setTimeout(away, CHECK_TIMEOUT_MS);
        asking.then(resolve, away).finally(() => timer.cancel());
      },
    );
    if (brokers.length === 0) {
      throw new BusUnavailableError("The cluster has no broker.");
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#publisher.close(CLOSE_GRACE_MS);
    await Promise.all([...this.#subscriptions].map((member) => member.stop()));
    await this.#admin.close();
  }
}
