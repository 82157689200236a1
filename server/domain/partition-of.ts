const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * FNV-1a (32 bits) over the key's UTF-8, finished by murmur3's mixer: FNV alone leaves the low bits of similar keys
 * (`order-1`, `order-2`) too alike for `mod`. This is a storage format: cursors of different instances and of earlier
 * layouts depend on it, so it may never change. Written out over UTF-16 because a TextEncoder per key costs three
 * times as much.
 */
export function keyHash(key: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < key.length; i++) {
    let code = key.charCodeAt(i);
    if (code < 0x80) {
      hash = Math.imul(hash ^ code, FNV_PRIME);
      continue;
    }
    if (code < 0x800) {
      hash = Math.imul(hash ^ (0xc0 | (code >> 6)), FNV_PRIME);
    } else {
      const low = code >= 0xd800 && code < 0xdc00 ? key.charCodeAt(i + 1) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 1;
        hash = Math.imul(hash ^ (0xf0 | (code >> 18)), FNV_PRIME);
        hash = Math.imul(hash ^ (0x80 | ((code >> 12) & 0x3f)), FNV_PRIME);
      } else {
        hash = Math.imul(hash ^ (0xe0 | (code >> 12)), FNV_PRIME);
      }
      hash = Math.imul(hash ^ (0x80 | ((code >> 6) & 0x3f)), FNV_PRIME);
    }
    hash = Math.imul(hash ^ (0x80 | (code & 0x3f)), FNV_PRIME);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export interface EventIdentity {
  readonly key: string | null;
  readonly offset: number;
}

/** The number whose remainder is an event's partition, whatever their number: its key's hash, or its offset. */
export function sequenceHash({ key, offset }: EventIdentity): number {
  return key === null ? offset : keyHash(key);
}

/** The partition an event belongs to: by its key, and by its offset when it has none (it then belongs with nothing). */
export function partitionOf(event: EventIdentity, partitions: number): number {
  return partitions === 1 ? 0 : sequenceHash(event) % partitions;
}
