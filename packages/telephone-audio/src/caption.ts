import { crc32 } from "node:zlib";
import { loudness } from "./loudness.js";
import { FRAME_BYTES, MULAW_SILENCE } from "./mulaw.js";

/** What a synthetic caller's utterance says, carried by the utterance itself. */
export interface Caption {
  readonly text: string;
  readonly language: string;
}

// One bit per sample, in the least significant bit of each μ-law byte, most significant bit first:
// magic (32), byte length of the payload (16), CRC-32 of length and payload (32), the payload as JSON.
const MAGIC = 0xcab71075;
const MAGIC_BYTES = 4;
const HEADER_BYTES = 10;
const MAX_PAYLOAD_BYTES = 0xffff;
/** From here on a frame counts as the beginning of the speech. */
const ONSET_DBFS = -45;

/**
 * Hides a caption in a copy of a synthetic caller's μ-law. Inaudible: each
 * sample moves by at most one step of μ-law. It begins where the speech does,
 * so that a listener that starts recording at the first sound has all of it.
 * It survives only a path that carries every bit. Audio that is too short is
 * filled up with silence.
 *
 * @throws RangeError when text and language exceed 65,535 bytes of JSON.
 */
export function writeCaption(mulaw: Buffer, caption: Caption): Buffer {
  const { text, language } = caption;
  const payload = Buffer.from(JSON.stringify({ text, language }), "utf8");
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new RangeError(
      `a caption holds at most ${MAX_PAYLOAD_BYTES} bytes: this one has ${payload.length}`,
    );
  }
  const message = Buffer.alloc(HEADER_BYTES + payload.length);
  message.writeUInt32BE(MAGIC, 0);
  message.writeUInt16BE(payload.length, MAGIC_BYTES);
  message.writeUInt32BE(checksum(payload), MAGIC_BYTES + 2);
  message.set(payload, HEADER_BYTES);

  const bits = message.length * 8;
  const captioned = Buffer.alloc(Math.max(mulaw.length, bits), MULAW_SILENCE);
  captioned.set(mulaw);
  const start = Math.min(onset(mulaw), captioned.length - bits);
  for (let i = 0; i < bits; i++) {
    const bit = ((message[i >> 3] ?? 0) >> (7 - (i & 7))) & 1;
    captioned[start + i] = ((captioned[start + i] ?? 0) & 0xfe) | bit;
  }
  return captioned;
}

/**
 * The last complete caption in the audio, at whatever sample it starts;
 * undefined when there is none, or when a bit of it did not arrive as sent.
 */
export function readCaption(mulaw: Uint8Array): Caption | undefined {
  return readCaptions(mulaw).at(-1);
}

/** Every complete caption in the audio, in the order in which they were said. */
export function readCaptions(mulaw: Uint8Array): Caption[] {
  const captions: Caption[] = [];
  let window = 0;
  for (let i = 0; i < mulaw.length; i++) {
    window = (window << 1) | ((mulaw[i] ?? 0) & 1);
    if (window >>> 0 !== MAGIC) {
      continue;
    }
    const found = readAt(mulaw, i + 1);
    if (found) {
      captions.push(found.caption);
      i = found.end - 1;
      window = 0;
    }
  }
  return captions;
}

/** Reads what follows the magic, when it is whole. */
function readAt(
  mulaw: Uint8Array,
  start: number,
): { caption: Caption; end: number } | undefined {
  const header = readBytes(mulaw, start, HEADER_BYTES - MAGIC_BYTES);
  const payloadBytes = header?.readUInt16BE(0) ?? 0;
  const payloadStart = start + (HEADER_BYTES - MAGIC_BYTES) * 8;
  const payload = readBytes(mulaw, payloadStart, payloadBytes);
  if (!header || !payload || checksum(payload) !== header.readUInt32BE(2)) {
    return undefined;
  }
  const caption = parse(payload);
  return caption && { caption, end: payloadStart + payloadBytes * 8 };
}

function readBytes(
  mulaw: Uint8Array,
  start: number,
  byteLength: number,
): Buffer | undefined {
  if (start + byteLength * 8 > mulaw.length) {
    return undefined;
  }
  const bytes = Buffer.alloc(byteLength);
  for (let i = 0; i < byteLength * 8; i++) {
    const bit = (mulaw[start + i] ?? 0) & 1;
    bytes[i >> 3] = ((bytes[i >> 3] ?? 0) << 1) | bit;
  }
  return bytes;
}

function checksum(payload: Buffer): number {
  return crc32(payload, payload.length);
}

function parse(payload: Buffer): Caption | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
  if (
    typeof value === "object" &&
    value !== null &&
    "text" in value &&
    typeof value.text === "string" &&
    "language" in value &&
    typeof value.language === "string"
  ) {
    return { text: value.text, language: value.language };
  }
  return undefined;
}

function onset(mulaw: Buffer): number {
  for (let at = 0; at < mulaw.length; at += FRAME_BYTES) {
    if (loudness(mulaw.subarray(at, at + FRAME_BYTES)) >= ONSET_DBFS) {
      return at;
    }
  }
  return 0;
}
