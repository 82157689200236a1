/** Bounds of the server, checked where the mistake is made: in the handler. */
const MAX_ENTRIES = 100;
const MAX_VALUE_CHARACTERS = 1024 * 1024;

/** What one handler run wrote: per state key its JSON text, or null for deleted. Text, so that later changes to an object do not leak in. */
export class StateDraft {
  readonly changes = new Map<string, string | null>();

  set(key: string, text: string | undefined): void {
    if (text === undefined) throw new TypeError(`the value of state key '${key}' cannot be written as JSON`);
    if (text.length > MAX_VALUE_CHARACTERS) throw new RangeError(`the value of state key '${key}' is too large`);
    this.#put(key, text);
  }

  delete(key: string): void {
    this.#put(key, null);
  }

  /** The `state` of a settlement, as JSON text. */
  toJson(): string {
    const set: string[] = [];
    const deleted: string[] = [];
    for (const [key, text] of this.changes) {
      if (text === null) deleted.push(JSON.stringify(key));
      else set.push(`${JSON.stringify(key)}:${text}`);
    }
    return `{"set":{${set.join(",")}},"delete":[${deleted.join(",")}]}`;
  }

  #put(key: string, text: string | null): void {
    if (key.length < 1 || key.length > 256) throw new RangeError("a state key has 1 to 256 characters");
    this.changes.set(key, text);
    if (this.changes.size > MAX_ENTRIES)
      throw new RangeError(`a handler may change ${MAX_ENTRIES} state entries at most`);
  }
}
