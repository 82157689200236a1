import { connect, type Socket } from "node:net";
import type { HttpTarget } from "./http-connection.ts";

const shared = Buffer.allocUnsafeSlow(1024 * 1024);
/** Longer than any mark that is looked for. */
const CARRY_BYTES = 128;

/**
 * A server-sent event stream on a raw socket. It counts bytes and looks for a mark, because to parse each frame of a
 * thousand followers would measure the parser.
 */
export class Follower {
  readonly #socket: Socket;
  readonly #carry = Buffer.alloc(CARRY_BYTES);
  #bytes = 0;
  #mark: Buffer = Buffer.alloc(0);
  #searchFrom = 0;
  #found: () => void = () => {};
  #broken: (error: Error) => void = () => {};
  /** Sees every chunk; valid only during the call. */
  onChunk: ((chunk: Buffer) => void) | null;

  private constructor(socket: Socket, onChunk: ((chunk: Buffer) => void) | null) {
    this.#socket = socket;
    this.onChunk = onChunk;
  }

  /** Connects and waits until `readyMark` arrives. */
  static open(target: HttpTarget, path: string, { readyMark, searchFrom, onChunk }: Opening): Promise<Follower> {
    let follower: Follower;
    const socket = connect({
      host: "127.0.0.1",
      port: target.port,
      onread: {
        // One buffer for all sockets: each read is consumed before the next one starts.
        buffer: shared,
        callback: (count, buffer) => {
          follower.#take((buffer as Buffer).subarray(0, count));
          return true;
        },
      },
    });
    follower = new Follower(socket, onChunk ?? null);
    const ready = follower.waitFor(readyMark, searchFrom ?? 0);
    socket.on("error", (error) => follower.#broken(error));
    socket.on("close", () => follower.#broken(new Error("the stream was closed")));
    const authorization = target.apiKey === undefined ? "" : `Authorization: Bearer ${target.apiKey}\r\n`;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nAccept: text/event-stream\r\n${authorization}\r\n`,
    );
    return ready.then(() => follower);
  }

  /** Bytes received since the last waitFor began. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the mark arrives; nothing is searched before so many bytes have come. */
  waitFor(mark: string, searchFrom: number): Promise<void> {
    this.#mark = Buffer.from(mark);
    this.#searchFrom = searchFrom;
    this.#bytes = 0;
    this.#carry.fill(0);
    return new Promise((resolve, reject) => {
      this.#found = resolve;
      this.#broken = reject;
    });
  }

  close(): void {
    this.#broken = () => {};
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.onChunk?.(chunk);
    if (this.#bytes < this.#searchFrom) return;
    if (chunk.includes(this.#mark) || this.#straddles(chunk)) this.#found();
    if (chunk.length >= CARRY_BYTES) chunk.copy(this.#carry, 0, chunk.length - CARRY_BYTES);
    else {
      this.#carry.copyWithin(0, chunk.length);
      chunk.copy(this.#carry, CARRY_BYTES - chunk.length);
    }
  }

  #straddles(chunk: Buffer): boolean {
    return Buffer.concat([this.#carry, chunk.subarray(0, CARRY_BYTES)]).includes(this.#mark);
  }
}

interface Opening {
  readonly readyMark: string;
  /** Nothing is searched before so many bytes have come. */
  readonly searchFrom?: number;
  readonly onChunk?: (chunk: Buffer) => void;
}

/** Counts frames with data across chunks. */
export function frameCounter(): { take(chunk: Buffer): void; readonly frames: number } {
  const mark = Buffer.from(`"specversion"`);
  let frames = 0;
  let carry: Buffer = Buffer.alloc(0);
  return {
    take(chunk) {
      const edge = Buffer.concat([carry, chunk.subarray(0, mark.length - 1)]);
      if (edge.includes(mark)) frames++;
      for (let at = chunk.indexOf(mark); at !== -1; at = chunk.indexOf(mark, at + mark.length)) frames++;
      carry = Buffer.from(
        chunk.length >= mark.length - 1
          ? chunk.subarray(chunk.length - mark.length + 1)
          : Buffer.concat([carry, chunk]).subarray(-(mark.length - 1)),
      );
    },
    get frames() {
      return frames;
    },
  };
}
