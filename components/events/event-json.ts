import { parse } from "lossless-json";

/** The CloudEvent's attributes and its data, every number as it was written. */
export interface ParsedEvent {
  readonly attributes: readonly (readonly [string, string])[];
  /** Undefined when the event has none. */
  readonly data: unknown;
  readonly hasData: boolean;
  /** The data cannot be drawn as a tree without changing it; the raw text is exact. */
  readonly isRawOnly: boolean;
}

// JavaScript's objects would swallow a `__proto__`; the raw text keeps it.
const UNDRAWABLE = /"__proto__"\s*:/;

export function parseEvent(json: string): ParsedEvent {
  try {
    const event = parse(json) as Record<string, unknown>;
    const { data, data_base64: base64, ...rest } = event;
    return {
      attributes: Object.entries(rest).map(([name, value]) => [name, String(value)] as const),
      data: data === undefined ? base64 : data,
      hasData: "data" in event || "data_base64" in event,
      isRawOnly: UNDRAWABLE.test(json),
    };
  } catch {
    // A key that stands twice is JSON all the same, and no tree.
    return { attributes: [], data: undefined, hasData: true, isRawOnly: true };
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
const STEP = "  ";

/** JSON text with lines and indents and not a digit changed: tokens are moved, never read. */
export function indentJson(text: string): string {
  let depth = 0;
  let out = "";
  const tokens = text.match(TOKEN) ?? [];
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      if (next === "}" || next === "]") out += token;
      else {
        depth += 1;
        out += `${token}\n${STEP.repeat(depth)}`;
      }
    } else if (token === "}" || token === "]") {
      const before = tokens[index - 1];
      if (before === "{" || before === "[") out += token;
      else {
        depth -= 1;
        out += `\n${STEP.repeat(depth)}${token}`;
      }
    } else if (token === ",") out += `,\n${STEP.repeat(depth)}`;
    else if (token === ":") out += ": ";
    else out += token;
  });
  return out;
}

/** The text of one member at the top of a JSON object, such as `data`, exactly as it was written; null without it. */
export function memberText(text: string, name: string): string | null {
  let depth = 0;
  let isName = false;
  let start = -1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (start >= 0 && depth === 1 && (token === "," || token === "}")) return text.slice(start, index).trim();
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token === ":" && depth === 1 && isName && start < 0) start = index + 1;
    if (start < 0) isName = depth === 1 && token === JSON.stringify(name);
  }
  return null;
}
