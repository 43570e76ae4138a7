import { BYTES_PER_MS } from "../media/audio-slice.js";

/**
 * What was sent to the caller's ear, and what of it has been heard.
 *
 * The carrier buffers what it is sent and plays it in real time. After each
 * piece of audio goes a mark with a name of its own, and the carrier returns
 * the mark when everything before it has been played. So an item was heard up
 * to its last returned mark, and no clock is asked.
 */
export interface PlaybackLedger {
  /** Items with audio sent whose end has not been heard, oldest first. */
  readonly items: PlaybackItem[];
  /** Marks sent and not returned, oldest first. */
  readonly marks: PendingMark[];
  nextMark: number;
  sentBytes: number;
  heardBytes: number;
  /** By the clock, when all that was sent will have been played. */
  playedAtMs: number;
}

export interface PlaybackItem {
  readonly itemId: string;
  readonly responseId: string;
  readonly contentIndex: number;
  sentBytes: number;
  heardBytes: number;
  /** The model will send no more audio for this item. */
  complete: boolean;
  /** Of a model session that is gone: the present one can't truncate it. */
  detached: boolean;
}

export interface PendingMark {
  readonly name: string;
  readonly item: PlaybackItem;
  readonly endBytes: number;
}

/** An item that is cut off, at what of it was heard. */
export interface CutItem {
  readonly item: PlaybackItem;
  readonly audioEndMs: number;
}

export function createPlaybackLedger(): PlaybackLedger {
  return {
    items: [],
    marks: [],
    nextMark: 1,
    sentBytes: 0,
    heardBytes: 0,
    playedAtMs: 0,
  };
}

/** Notes audio that goes out now; the answer is the mark to send after it. */
export function audioSent(
  ledger: PlaybackLedger,
  itemId: string,
  responseId: string,
  bytes: number,
  nowMs: number,
): string {
  let item = ledger.items.at(-1);
  if (item?.itemId !== itemId) {
    item =
      ledger.items.find((known) => known.itemId === itemId) ??
      openItem(ledger, itemId, responseId);
  }
  item.sentBytes += bytes;
  ledger.sentBytes += bytes;
  ledger.playedAtMs = Math.max(ledger.playedAtMs, nowMs) + bytes / BYTES_PER_MS;
  const name = `m${ledger.nextMark}`;
  ledger.nextMark += 1;
  ledger.marks.push({ name, item, endBytes: item.sentBytes });
  return name;
}

function openItem(
  ledger: PlaybackLedger,
  itemId: string,
  responseId: string,
): PlaybackItem {
  const item: PlaybackItem = {
    itemId,
    responseId,
    contentIndex: 0,
    sentBytes: 0,
    heardBytes: 0,
    complete: false,
    detached: false,
  };
  ledger.items.push(item);
  return item;
}

/**
 * Notes a returned mark. A mark that is not pending (of audio that has been
 * cleared, or never sent) changes nothing. The answer is the items that have
 * now been heard to their end.
 */
export function markReturned(
  ledger: PlaybackLedger,
  name: string,
): PlaybackItem[] {
  const at = ledger.marks.findIndex((mark) => mark.name === name);
  if (at === -1) return [];
  // Marks come back in order: whatever stands before this one was heard too.
  for (const mark of ledger.marks.splice(0, at + 1)) {
    ledger.heardBytes += mark.endBytes - mark.item.heardBytes;
    mark.item.heardBytes = mark.endBytes;
  }
  if (ledger.marks.length === 0) ledger.playedAtMs = 0;
  return takeHeard(ledger);
}

/**
 * The usual mark, and cheap: the next one that is due, in the middle of an
 * item that goes on. False when it is another, and `markReturned` has to see.
 */
export function plainMarkReturned(
  ledger: PlaybackLedger,
  name: string,
): boolean {
  const mark = ledger.marks[0];
  if (mark?.name !== name || mark.item.complete) return false;
  ledger.marks.shift();
  ledger.heardBytes += mark.endBytes - mark.item.heardBytes;
  mark.item.heardBytes = mark.endBytes;
  if (ledger.marks.length === 0) ledger.playedAtMs = 0;
  return true;
}

/** The model has finished this item's audio. */
export function audioComplete(
  ledger: PlaybackLedger,
  itemId: string,
): PlaybackItem[] {
  const item = ledger.items.find((known) => known.itemId === itemId);
  if (item === undefined) return [];
  item.complete = true;
  return takeHeard(ledger);
}

/**
 * A carrier that lost its marks: what must have been played long since counts
 * as heard.
 */
export function presumeHeard(
  ledger: PlaybackLedger,
  nowMs: number,
  graceMs: number,
): PlaybackItem[] {
  const last = ledger.marks.at(-1);
  if (last === undefined || nowMs < ledger.playedAtMs + graceMs) return [];
  return markReturned(ledger, last.name);
}

/** The caller spoke over the agent, or the call ends: all that is unheard is cut. */
export function cutPlayback(ledger: PlaybackLedger): CutItem[] {
  const cut = ledger.items.map((item) => ({
    item,
    audioEndMs: Math.floor(item.heardBytes / BYTES_PER_MS),
  }));
  ledger.items.length = 0;
  ledger.marks.length = 0;
  ledger.playedAtMs = 0;
  return cut;
}

/** The model session that made these items is gone. */
export function detachItems(ledger: PlaybackLedger): void {
  for (const item of ledger.items) {
    item.detached = true;
    item.complete = true;
  }
}

/** Audio sent and not heard yet, in milliseconds. */
export function unheardMs(ledger: PlaybackLedger): number {
  let bytes = 0;
  for (const item of ledger.items) bytes += item.sentBytes - item.heardBytes;
  return bytes / BYTES_PER_MS;
}

export function isPlaying(ledger: PlaybackLedger): boolean {
  return ledger.items.length > 0;
}

function takeHeard(ledger: PlaybackLedger): PlaybackItem[] {
  const heard: PlaybackItem[] = [];
  for (;;) {
    const first = ledger.items[0];
    if (!first?.complete || first.heardBytes < first.sentBytes) return heard;
    ledger.items.shift();
    heard.push(first);
  }
}
