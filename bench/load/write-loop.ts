/** Runs every writer in a loop of its own and answers completed writes per second of a window after a warm-up. */
export async function writeLoop(
  writers: readonly (() => Promise<unknown>)[],
  options: { readonly warmUpMs: number; readonly windowMs: number },
): Promise<number> {
  let written = 0;
  let running = true;
  const all = Promise.all(
    writers.map(async (write) => {
      while (running) {
        await write();
        written++;
      }
    }),
  );
  const wait = (ms: number) => Promise.race([all, new Promise((resolve) => setTimeout(resolve, ms))]);
  await wait(options.warmUpMs);
  const openedAt = performance.now();
  const before = written;
  await wait(options.windowMs);
  const perSecond = ((written - before) * 1000) / (performance.now() - openedAt);
  running = false;
  await all;
  return perSecond;
}
