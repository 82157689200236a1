/** A failed delivery as its member reports it. */
export interface ReportedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

const MAX_NORMALISED = 300;

// In this order: what is inside quotes first, then ids (they contain digits), then numbers.
const VARIABLE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/"[^"]*"|'[^']*'|`[^`]*`/g, "‹text›"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "‹id›"],
  [/\b(?=[0-9a-z_-]*\d)(?=[0-9a-z_-]*[a-z])[0-9a-z]+(?:[_-][0-9a-z]+)*\b/gi, "‹id›"],
  [/\d+(?:[.,:]\d+)*/g, "‹n›"],
];

/** The message with everything that differs from one event to the next taken out. */
export function normaliseMessage(message: string): string {
  let text = message.slice(0, 2000);
  for (const [pattern, mark] of VARIABLE_PARTS) text = text.replace(pattern, mark);
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_NORMALISED);
}

/** The first line of a stack that names a place, without line and column. */
export function topFrame(stack: string | undefined): string {
  const frame = stack?.split("\n").find((line) => /^\s+at /.test(line));
  return frame === undefined
    ? ""
    : frame
        .trim()
        .replace(/:\d+:\d+\)?$/, "")
        .replace(/^at /, "");
}

/** Letters with the same text are the same kind of failure: class, normalised message, top frame. */
export function fingerprintText(error: ReportedError): string {
  return [error.name, normaliseMessage(error.message), topFrame(error.stack)].join(" | ");
}
