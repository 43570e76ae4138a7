import type {
  CommitOffset,
  PartitionLag,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from "../bus.js";
import type { MemoryGroup } from "./group.js";
import type { PartitionLog } from "./partition-log.js";

const MAX_BATCH_RECORDS = 500;

interface Position {
  nextOffset: number;
  paused: boolean;
}

/** One subscription: reads the partitions that its group gave it. */
export class MemoryMember implements Subscription {
  readonly joined: Promise<void>;
  /** Every partition of the topics that it asked for. */
  readonly wanted: readonly PartitionLog[];
  readonly #group: MemoryGroup;
  readonly #options: SubscribeOptions;
  readonly #onStop: () => void;
  readonly #available: () => boolean;
  #positions = new Map<PartitionLog, Position>();
  #reading: NodeJS.Immediate | undefined;
  #stopped = false;
  #everAssigned = false;
  #resolveJoined: () => void = () => undefined;

  constructor(
    group: MemoryGroup,
    wanted: readonly PartitionLog[],
    options: SubscribeOptions,
    bus: { onStop(member: MemoryMember): void; available(): boolean },
  ) {
    this.#group = group;
    this.wanted = wanted;
    this.#options = options;
    this.#onStop = () => bus.onStop(this);
    this.#available = () => bus.available();
    this.joined = new Promise((resolve) => (this.#resolveJoined = resolve));
  }

  /** Called by the group with everything that is this member's from now on. */
  assign(logs: readonly PartitionLog[]): void {
    const before = this.#positions;
    this.#positions = new Map(
      logs.map((log) => [
        log,
        {
          nextOffset: this.#group.startOf(
            log,
            this.#options.fromBeginning === true,
          ),
          paused: before.get(log)?.paused ?? false,
        },
      ]),
    );
    const continued = this.#everAssigned;
    this.#everAssigned = true;
    this.#options.onAssigned?.({
      continued,
      partitions: logs.map(({ topic, partition }) => ({ topic, partition })),
    });
    this.#resolveJoined();
    this.wake();
  }

  /** Something may be there to read. */
  wake(): void {
    if (this.#stopped || this.#reading !== undefined) return;
    this.#reading = setImmediate(() => {
      this.#reading = undefined;
      this.#read();
    });
  }

  #read(): void {
    if (!this.#available()) return;
    let more = false;
    for (const [log, position] of this.#positions) {
      if (position.paused) continue;
      const records = log.read(position.nextOffset, MAX_BATCH_RECORDS);
      const last = records.at(-1);
      if (last === undefined) continue;
      position.nextOffset = Number(last.offset) + 1;
      more ||= position.nextOffset < log.endOffset;
      const { topic, partition } = log;
      this.#options.onRecords({ topic, partition, records });
    }
    if (more) this.wake();
  }

  commit(offsets: readonly CommitOffset[]): Promise<void> {
    for (const { topic, partition, offset } of offsets) {
      const [log] = this.#find({ topic, partition });
      if (log !== undefined) this.#group.commit(log, Number(offset));
    }
    return Promise.resolve();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, false);
    this.wake();
  }

  lag(): Promise<readonly PartitionLag[]> {
    return Promise.resolve(
      [...this.#positions.keys()].map((log) => ({
        topic: log.topic,
        partition: log.partition,
        lag: log.endOffset - (this.#group.committed(log) ?? log.startOffset),
      })),
    );
  }

  stop(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#stopped = true;
    if (this.#reading !== undefined) clearImmediate(this.#reading);
    this.#positions.clear();
    this.#onStop();
    return Promise.resolve();
  }

  #setPaused(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const partition of partitions) {
      const [, position] = this.#find(partition);
      if (position !== undefined) position.paused = paused;
    }
  }

  #find(
    wanted: TopicPartition,
  ): [PartitionLog, Position] | [undefined, undefined] {
    for (const [log, position] of this.#positions) {
      if (log.topic === wanted.topic && log.partition === wanted.partition) {
        return [log, position];
      }
    }
    return [undefined, undefined];
  }
}
