import { decodeMulaw, MULAW_SAMPLE_RATE_HZ } from "@easymo/telephone-audio";

const HEADER_BYTES = 44;

/** Telephone audio as a WAV file of 16-bit samples. */
export function waveFile(mulaw: Buffer): Buffer<ArrayBuffer> {
  const pcm = decodeMulaw(mulaw);
  const file = Buffer.alloc(HEADER_BYTES + pcm.byteLength);
  file.write("RIFF", 0);
  file.writeUInt32LE(HEADER_BYTES - 8 + pcm.byteLength, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(MULAW_SAMPLE_RATE_HZ, 24);
  file.writeUInt32LE(2 * MULAW_SAMPLE_RATE_HZ, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(pcm.byteLength, 40);
  Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).copy(
    file,
    HEADER_BYTES,
  );
  return file;
}
