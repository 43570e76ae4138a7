import type { MemoryMember } from "./member.js";
import type { PartitionLog } from "./partition-log.js";

/** A consumer group: who its members are, which partition is whose, and what is committed. */
export class MemoryGroup {
  readonly name: string;
  readonly #committed = new Map<PartitionLog, number>();
  readonly #members = new Set<MemoryMember>();

  constructor(name: string) {
    this.name = name;
  }

  join(member: MemoryMember): void {
    this.#members.add(member);
    this.#rebalance();
  }

  leave(member: MemoryMember): void {
    if (this.#members.delete(member)) this.#rebalance();
  }

  committed(log: PartitionLog): number | undefined {
    return this.#committed.get(log);
  }

  commit(log: PartitionLog, offset: number): void {
    this.#committed.set(log, offset);
  }

  /** Where the owner of a partition begins; a place chosen for lack of a commit is committed, so that it stays. */
  startOf(log: PartitionLog, fromBeginning: boolean): number {
    const known = this.#committed.get(log);
    if (known !== undefined) return known;
    const start = fromBeginning ? log.startOffset : log.endOffset;
    this.#committed.set(log, start);
    return start;
  }

  /** Each partition goes to one of the members that want its topic, in turn; like Kafka's eager protocol, everyone starts anew from what is committed. */
  #rebalance(): void {
    const members = [...this.#members];
    const owned = new Map<MemoryMember, PartitionLog[]>(
      members.map((member) => [member, []]),
    );
    const logs = new Set(members.flatMap((member) => member.wanted));
    let turn = 0;
    for (const log of logs) {
      const takers = members.filter((member) => member.wanted.includes(log));
      const taker = takers[turn++ % takers.length];
      if (taker !== undefined) owned.get(taker)?.push(log);
    }
    for (const member of members) member.assign(owned.get(member) ?? []);
  }
}
