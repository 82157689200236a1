import { frameChunk } from "../../engine/members/frame-chunk.ts";
import type { FrameChunk, FrameOptions, TopicReader } from "../../engine/topics/log.ts";

/** A topic in memory whose reads can be held back or made to fail, to place a follower in any situation. */
export class FakeReader implements TopicReader {
  readonly topicId = 1;
  readonly topic = "t";
  head = 0;
  firstAvailable = 1;
  isRemoved = false;
  /** Offsets up to here are no longer in memory. */
  ringBase = 0;
  releases = 0;
  reads = 0;
  readonly listeners = new Set<() => void>();
  /** Runs before each of the next reads of the past is answered. */
  beforeRead: () => Promise<void> = async () => {};

  constructor(readonly payload = "") {}

  append(count = 1): void {
    this.head += count;
    for (const listener of [...this.listeners]) listener();
  }

  framesAfterNow(after: number, options: FrameOptions): FrameChunk | null {
    return after < this.ringBase ? null : this.#chunk(after, options);
  }

  async framesAfter(after: number, options: FrameOptions): Promise<FrameChunk> {
    this.reads += 1;
    await this.beforeRead();
    return this.#chunk(after, options);
  }

  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  release(): void {
    this.releases += 1;
  }

  readAfter(): never {
    throw new Error("a follower reads frames");
  }

  readAfterNow(): never {
    throw new Error("a follower reads frames");
  }

  #chunk(after: number, { maxBytes }: FrameOptions): FrameChunk {
    let frames = "";
    let through = after;
    while (through < this.head && frames.length < maxBytes) {
      through += 1;
      frames += `id: ${through}\ndata: ${this.payload}\n\n`;
    }
    return frameChunk(frames, { through, count: frames === "" ? 0 : through - after });
  }
}
