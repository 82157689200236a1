import { fdatasync, writeSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Row } from "../harness/bench.ts";
import { measured } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";

const BLOCK = Buffer.alloc(8192, 1);

/** How often the disk confirms a flush: 8 kB overwritten and flushed in turn, as PostgreSQL does with its log. */
async function flushesPerSecond(directory: string, windowMs: number): Promise<number> {
  const path = join(directory, "flush.bin");
  const file = await open(path, "w");
  try {
    await file.writeFile(Buffer.alloc(BLOCK.length * 64));
    await file.sync();
    const startedAt = performance.now();
    let flushes = 0;
    while (performance.now() - startedAt < windowMs) {
      writeSync(file.fd, BLOCK, 0, BLOCK.length, (flushes % 64) * BLOCK.length);
      await new Promise<void>((resolve, reject) => fdatasync(file.fd, (error) => (error ? reject(error) : resolve())));
      flushes++;
    }
    return (flushes * 1000) / (performance.now() - startedAt);
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

export const ceilings: Row = {
  name: "ceilings",
  async run({ cluster, rounds, isQuick }: Bench) {
    const name = "fdatasync";
    const values = await interleave(rounds, [
      { name, measure: () => flushesPerSecond(cluster.directory, isQuick ? 500 : 1_500) },
    ]);
    return [
      {
        row: "ceilings",
        work: "flushes of the file system that holds the data",
        measured: [measured(name, "flushes/s", values.get(name) ?? [])],
        verdicts: [],
        notes: ["The other ceilings stand beside the work they bound, measured in the same rounds."],
      },
    ];
  },
};
