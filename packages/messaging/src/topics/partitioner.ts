/**
 * The partition of a key, exactly as the Java client's default partitioner puts it, so that records of one key meet in one
 * partition whichever client wrote them.
 * https://github.com/apache/kafka/blob/4.3.1/clients/src/main/java/org/apache/kafka/common/utils/Utils.java (murmur2, toPositive)
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, "utf8")) & 0x7fffffff) % partitions;
}

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** 32-bit MurmurHash2 with Kafka's seed; the result is signed, as in Java. */
export function murmur2(bytes: Buffer): number {
  const length = bytes.length;
  let h = SEED ^ length;
  let at = 0;
  for (; length - at >= 4; at += 4) {
    let k = Math.imul(bytes.readInt32LE(at), M);
    k = Math.imul(k ^ (k >>> R), M);
    h = Math.imul(h, M) ^ k;
  }
  const left = length - at;
  if (left > 0) {
    h = Math.imul(h ^ bytes.readUIntLE(at, left), M);
  }
  h = Math.imul(h ^ (h >>> 13), M);
  return (h ^ (h >>> 15)) | 0;
}
