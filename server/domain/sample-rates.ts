/** Per second between two samples of a count that only rises; null when it cannot be told, or the count went back. */
export function ratePerSecond(
  before: { readonly at: string; readonly count: number } | undefined,
  now: { readonly at: string; readonly count: number },
): number | null {
  if (before === undefined || now.count < before.count) return null;
  const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1_000;
  return seconds <= 0 ? null : Math.round(((now.count - before.count) / seconds) * 1_000) / 1_000;
}

/**
 * How many seconds one of at most `points` samples stands for, over so many hours: a multiple of what the samples of
 * that age are apart.
 */
export function sampleWidth(
  { hours, points }: { readonly hours: number; readonly points: number },
  { fineS, coarseS }: { readonly fineS: number; readonly coarseS: number },
): number {
  const base = hours > 24 ? coarseS : fineS;
  return Math.max(1, Math.ceil((hours * 3_600) / Math.max(1, points) / base)) * base;
}
