import { channelAddressOf, type Channel } from "../api/index.js";
import { keyText, type ObjectCache, type ObjectKey } from "../runtime/index.js";
import { memoryOf } from "./memory.js";

/** Which Channels have to do with a number: those that have it as their address, and those that remember it. */
export class ChannelIndex {
  readonly #channels: ObjectCache<Channel>;
  /** By number, then by Channel. */
  readonly #byNumber = new Map<string, Map<string, ObjectKey>>();
  readonly #numbersOf = new Map<string, readonly string[]>();

  constructor(channels: ObjectCache<Channel>) {
    this.#channels = channels;
    for (const channel of channels.list()) this.#set(channel.metadata, channel);
    channels.onChange((key, channel) => this.#set(key, channel));
  }

  /** The oldest other Channel that has this number as its address and is not on its way out. */
  heirOf(
    number: { readonly kind: string; readonly address: string },
    besides: Channel,
  ): Channel | undefined {
    return this.#others(number, besides)
      .filter((channel) => {
        const found = channelAddressOf(channel.spec);
        return (
          channel.metadata.deletionTimestamp === undefined &&
          found?.kind === number.kind &&
          found.address === number.address
        );
      })
      .sort((a, b) => bornMs(a) - bornMs(b))[0];
  }

  /** What another Channel remembers of the number. */
  inheritanceOf(
    number: { readonly kind: string; readonly address: string },
    besides: Channel,
  ) {
    return this.#others(number, besides)
      .map(memoryOf)
      .find(
        (memory) =>
          memory?.kind === number.kind && memory.address === number.address,
      );
  }

  #others(
    { kind, address }: { readonly kind: string; readonly address: string },
    besides: Channel,
  ): Channel[] {
    const keys = this.#byNumber.get(`${kind} ${address}`)?.values() ?? [];
    return [...keys].flatMap((key) => {
      const channel = this.#channels.get(key);
      return channel === undefined ||
        channel.metadata.uid === besides.metadata.uid
        ? []
        : [channel];
    });
  }

  #set({ namespace, name }: ObjectKey, channel: Channel | undefined): void {
    const key = { namespace, name };
    const text = keyText(key);
    for (const number of this.#numbersOf.get(text) ?? []) {
      const there = this.#byNumber.get(number);
      there?.delete(text);
      if (there?.size === 0) this.#byNumber.delete(number);
    }
    this.#numbersOf.delete(text);
    if (channel === undefined) return;
    const numbers = [channelAddressOf(channel.spec), memoryOf(channel)].flatMap(
      (one) => (one === undefined ? [] : [`${one.kind} ${one.address}`]),
    );
    this.#numbersOf.set(text, numbers);
    for (const number of numbers) {
      const there = this.#byNumber.get(number) ?? new Map<string, ObjectKey>();
      this.#byNumber.set(number, there.set(text, key));
    }
  }
}

function bornMs({ metadata }: Channel): number {
  return Date.parse(metadata.creationTimestamp);
}
