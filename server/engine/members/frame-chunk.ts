import { Buffer } from "node:buffer";
import type { FrameChunk } from "../topics/log.ts";

/** Finished frames as one buffer, framed once for all connections that it is written to. */
export function frameChunk(frames: string, { through, count }: Pick<FrameChunk, "through" | "count">): FrameChunk {
  if (count === 0) return { buffer: null, chunked: null, through, count };
  return { ...chunkedFrames(frames), through, count };
}

/**
 * Text as bytes and, around the same bytes, as one chunk of HTTP's chunked coding (RFC 9112, section 7.1): a stream that
 * breaks off can then be told from one that ended, and a write stays one buffer that all share.
 */
export function chunkedFrames(frames: string): { readonly buffer: Buffer; readonly chunked: Buffer } {
  const size = Buffer.byteLength(frames);
  const head = `${size.toString(16)}\r\n`;
  const chunked = Buffer.allocUnsafe(head.length + size + 2);
  chunked.write(head, 0, "latin1");
  chunked.write(frames, head.length, "utf8");
  chunked.write("\r\n", head.length + size, "latin1");
  return { buffer: chunked.subarray(head.length, head.length + size), chunked };
}
