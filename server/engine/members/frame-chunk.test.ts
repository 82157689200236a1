import { expect, it } from "vitest";
import { chunkedFrames, frameChunk } from "./frame-chunk.ts";

it("frames are framed once, as one chunk by their bytes, and stand in it as they are", () => {
  const { buffer, chunked } = chunkedFrames("id: 1\ndata: €😀\n\n");
  expect(buffer.toString()).toBe("id: 1\ndata: €😀\n\n");
  expect(chunked.toString()).toBe(`${buffer.byteLength.toString(16)}\r\nid: 1\ndata: €😀\n\n\r\n`);
  expect(buffer.buffer).toBe(chunked.buffer);
});

it("no frames are no chunk: one without bytes would end the answer", () => {
  expect(frameChunk("", { through: 7, count: 0 })).toEqual({ buffer: null, chunked: null, through: 7, count: 0 });
});
