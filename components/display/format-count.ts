const WHOLE = new Intl.NumberFormat("en-US");
const TENTHS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** 12430 as `12,430`. Unknown is `–`, which is not 0. */
export function formatCount(count: number | null | undefined): string {
  return count === null || count === undefined ? "–" : WHOLE.format(count);
}

/** `12`, or `≥ 10,000` where not all were counted. */
export function formatMatching({ count, isExact }: { readonly count: number; readonly isExact: boolean }): string {
  return isExact ? formatCount(count) : `≥ ${formatCount(count)}`;
}

const HUNDREDTHS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

/** Events a second: hundredths below one, tenths below ten, whole above. */
export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return "–";
  if (perSecond < 1) return HUNDREDTHS.format(perSecond);
  return perSecond < 10 ? TENTHS.format(perSecond) : WHOLE.format(Math.round(perSecond));
}

/** `1 event`, `2 events`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${WHOLE.format(count)} ${count === 1 ? noun : many}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in units of 1,000. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "–";
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? WHOLE.format(Math.round(size)) : TENTHS.format(size)} ${UNITS[unit]}`;
}
