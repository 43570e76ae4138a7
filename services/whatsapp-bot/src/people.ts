import type { KeyValueStore } from "@easymo/messaging";

const WINDOW_MS = 24 * 3_600_000;
const STOPPED_TTL_MS = 7 * 24 * 3_600_000;

/** By what a person is known: a number, a user id, or both. */
export interface KnownAs {
  readonly phone?: string | undefined;
  readonly userId?: string | undefined;
}

/** That someone wrote to one of our numbers. */
export interface Wrote extends KnownAs {
  readonly phoneNumberId: string;
  readonly atMs: number;
}

/** What every replica knows of people, between their webhooks and what is sent to them. */
export class People {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /**
   * People wrote: for 24 hours anything may be sent to them, afterwards only templates.
   * Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages (customer service windows)
   */
  async wrote(all: readonly Wrote[], nowMs: number): Promise<void> {
    const latest = new Map<string, number>();
    for (const { phoneNumberId, atMs, ...person } of all)
      for (const name of namesOf(person)) {
        const key = windowKey(phoneNumberId, name);
        latest.set(key, Math.max(latest.get(key) ?? 0, atMs));
      }
    await Promise.all(
      [...latest].map(async ([key, atMs]) => {
        const ttlMs = atMs + WINDOW_MS - nowMs;
        if (ttlMs <= 0) return;
        const known = Number((await this.#store.get(key)) ?? 0);
        if (known < atMs) await this.#store.set(key, String(atMs), { ttlMs });
      }),
    );
  }

  /** Whether anything may be sent to them now, as far as Meta's 24 hours go. */
  async isWindowOpen(
    phoneNumberId: string,
    person: KnownAs,
    nowMs: number,
  ): Promise<boolean> {
    const times = await Promise.all(
      namesOf(person).map((name) =>
        this.#store.get(windowKey(phoneNumberId, name)),
      ),
    );
    return times.some(
      (time) => time !== undefined && Number(time) + WINDOW_MS > nowMs,
    );
  }

  /** They said stop: until the registry has it, the replicas know it from here. */
  async stopped(tenantId: string, person: KnownAs): Promise<void> {
    await Promise.all(
      namesOf(person).map((name) =>
        this.#store.set(stoppedKey(tenantId, name), "1", {
          ttlMs: STOPPED_TTL_MS,
        }),
      ),
    );
  }

  async isStopped(tenantId: string, person: KnownAs): Promise<boolean> {
    const found = await Promise.all(
      namesOf(person).map((name) =>
        this.#store.get(stoppedKey(tenantId, name)),
      ),
    );
    return found.some((value) => value !== undefined);
  }

  /** The registry has it, or they want messages again. */
  async forgetStopped(tenantId: string, person: KnownAs): Promise<void> {
    await Promise.all(
      namesOf(person).map((name) =>
        this.#store.delete(stoppedKey(tenantId, name)),
      ),
    );
  }
}

function windowKey(phoneNumberId: string, name: string): string {
  return `whatsapp:window:${phoneNumberId}:${name}`;
}

function stoppedKey(tenantId: string, name: string): string {
  return `whatsapp:stopped:${tenantId}:${name}`;
}

function namesOf({ phone, userId }: KnownAs): string[] {
  const names = [phone, userId].filter((name) => name !== undefined);
  return [...new Set(names)];
}

/** A number in E.164, as opposed to a user id. */
export function isPhone(name: string): boolean {
  return /^\+[1-9]\d{5,14}$/.test(name);
}

/** How agent-core knows a person of an event: by number, by Meta's user id, or by both. Pure. */
export function personRef(about: {
  userId: string;
  phone?: string | undefined;
}): { phone: string; userId?: string } | { userId: string; phone?: string } {
  const { userId, phone = isPhone(userId) ? userId : undefined } = about;
  const scoped = isPhone(userId) || userId.length > 128 ? undefined : userId;
  if (phone === undefined) return { userId: userId.slice(0, 128) };
  return { phone, ...(scoped === undefined ? {} : { userId: scoped }) };
}
