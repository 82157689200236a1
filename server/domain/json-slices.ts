/** The text of one value inside a JSON document, and how deep it nests: 0 for a number, 1 for `[]`, 2 for `[[]]`. */
export interface JsonSlice {
  readonly text: string;
  readonly depth: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Finds text in a document that `JSON.parse` has accepted: it checks nothing. Data is stored as the text that was sent,
 * so it is cut out and never rendered again: that would lose 2^53+1, 1.10, -0, 1e400 and the order of integer-like keys.
 */
class JsonScanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #hasLineBreak = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** The whole document without the white space around it. */
  root(): JsonSlice {
    this.#skipSpace();
    return this.#value();
  }

  /** `member` of the object that the document is. As in `JSON.parse`, the last of several wins. */
  member(member: string): JsonSlice | null {
    this.#skipSpace();
    return this.#memberHere(member);
  }

  /** `member` of every object in the array that the document is. */
  memberOfEach(member: string): (JsonSlice | null)[] {
    this.#skipSpace();
    return this.#memberOfEachHere(member);
  }

  /** `member` of every object in the array that stands under `list`. */
  memberOfEachIn(list: string, member: string): (JsonSlice | null)[] {
    this.#skipSpace();
    let slices: (JsonSlice | null)[] = [];
    this.#forEachMember((name) => {
      if (name === list && this.#text.charCodeAt(this.#at) === OPEN_BRACKET) slices = this.#memberOfEachHere(member);
      else this.#skipValue();
    });
    return slices;
  }

  #memberHere(member: string): JsonSlice | null {
    let slice: JsonSlice | null = null;
    this.#forEachMember((name) => {
      if (name === member) slice = this.#value();
      else this.#skipValue();
    });
    return slice;
  }

  #memberOfEachHere(member: string): (JsonSlice | null)[] {
    const slices: (JsonSlice | null)[] = [];
    this.#at += 1;
    for (;;) {
      this.#skipSpace();
      const code = this.#text.charCodeAt(this.#at);
      if (code === CLOSE_BRACKET) break;
      if (code === COMMA) this.#at += 1;
      else if (code === OPEN_BRACE) slices.push(this.#memberHere(member));
      else {
        this.#skipValue();
        slices.push(null);
      }
    }
    this.#at += 1;
    return slices;
  }

  /** Calls back at the start of every member's value; the callback moves past it. Begins at the opening brace. */
  #forEachMember(onValue: (name: string) => void): void {
    this.#at += 1;
    for (;;) {
      this.#skipSpace();
      const code = this.#text.charCodeAt(this.#at);
      if (code === COMMA) {
        this.#at += 1;
        continue;
      }
      if (code !== QUOTE) break;
      const from = this.#at;
      this.#skipString();
      const name = this.#text.slice(from + 1, this.#at - 1);
      this.#skipSpace();
      this.#at += 1;
      this.#skipSpace();
      // A name may be spelled with escapes: "d\u0061ta" is "data".
      onValue(name.includes("\\") ? JSON.parse(`"${name}"`) : name);
    }
    this.#at += 1;
  }

  #value(): JsonSlice {
    const from = this.#at;
    this.#depth = 0;
    this.#hasLineBreak = false;
    this.#skipValue();
    const text = this.#text.slice(from, this.#at);
    return { text: this.#hasLineBreak ? withoutLineBreaks(text) : text, depth: this.#depth };
  }

  #skipValue(): void {
    const text = this.#text;
    let depth = 0;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === QUOTE) {
        this.#skipString();
        if (depth === 0) return;
        continue;
      }
      if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        depth += 1;
        if (depth > this.#depth) this.#depth = depth;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        // The end of what holds a number, true, false or null.
        if (depth === 0) return;
        depth -= 1;
        if (depth === 0) {
          this.#at += 1;
          return;
        }
      } else if (depth === 0 && (code === COMMA || code <= 0x20 || Number.isNaN(code))) {
        return;
      } else if (code === NEWLINE || code === RETURN) {
        this.#hasLineBreak = true;
      }
      this.#at += 1;
    }
  }

  #skipString(): void {
    const text = this.#text;
    let end = text.indexOf('"', this.#at + 1);
    while (text.charCodeAt(end - 1) === BACKSLASH && isEscaped(text, end)) end = text.indexOf('"', end + 1);
    this.#at = end + 1;
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= 0x20) this.#at += 1;
  }
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return (at - start) % 2 === 1;
}

/**
 * JSON allows a raw line break only between its tokens, so taking it out (with the indentation behind it) changes no
 * value, and no data can break an SSE frame.
 */
function withoutLineBreaks(text: string): string {
  return text.replace(/[\r\n][\t\n\r ]*/g, "");
}

/** The document itself. */
export function sliceRoot(text: string): JsonSlice {
  return new JsonScanner(text).root();
}

/** A member of the object that the document is; null when it has none. */
export function sliceMember(text: string, member: string): JsonSlice | null {
  return new JsonScanner(text).member(member);
}

/** A member of every object in the array that the document is, in order. */
export function sliceMemberOfEach(text: string, member: string): (JsonSlice | null)[] {
  return new JsonScanner(text).memberOfEach(member);
}

/** A member of every object in the array under `list` of the object that the document is, in order. */
export function sliceMemberOfEachIn(text: string, list: string, member: string): (JsonSlice | null)[] {
  return new JsonScanner(text).memberOfEachIn(list, member);
}
