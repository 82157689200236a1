import { addExactly, isExactAmount } from "./exact-amount.ts";
import { isThenable } from "./is-thenable.ts";

/** Bounds of the server, checked where the mistake is made: in the handler. */
const MAX_ENTRIES = 100;
const MAX_VALUE_CHARACTERS = 1024 * 1024;

/** Makes an entry's new value; `undefined` = it is absent. May run several times, each time on a value of its own. */
export type Step = (value: unknown) => unknown;

/** The wish of one handler run about an entry. Values are JSON text, so that later changes to an object do not leak in. */
export type DraftEntry =
  | { readonly kind: "set"; readonly text: string }
  | { readonly kind: "delete" }
  | { readonly kind: "increment"; readonly amount: number }
  /** Run on the value there is when it is sent, and again when somebody else was faster. */
  | { readonly kind: "update"; readonly steps: readonly Step[] };

/** How values become text and back: those of the transport. */
export interface Json {
  readonly parse: (text: string) => unknown;
  readonly stringify: (value: unknown) => string | undefined;
}

/** The writes of one handler run, by state key. */
export class StateDraft {
  readonly entries = new Map<string, DraftEntry>();
  readonly #json: Json;

  constructor(json: Json) {
    this.#json = json;
  }

  set(key: string, value: unknown): void {
    const text = this.#json.stringify(value);
    if (text === undefined) throw new TypeError(`the value of state key '${key}' cannot be written as JSON`);
    this.#put(key, { kind: "set", text: checked(key, text) });
  }

  delete(key: string): void {
    this.#put(key, { kind: "delete" });
  }

  increment(key: string, amount: number): void {
    if (!isExactAmount(amount)) throw new RangeError(`${amount} cannot be added exactly`);
    const before = this.entries.get(key);
    if (before === undefined) this.#put(key, { kind: "increment", amount });
    else if (before.kind === "increment") {
      this.#put(key, { kind: "increment", amount: addExactly(before.amount, amount) });
    } else this.update(key, (value) => incremented(key, value, amount));
  }

  update(key: string, step: Step): void {
    const before = this.entries.get(key);
    if (before?.kind === "set" || before?.kind === "delete") {
      const text = runSteps(key, { text: before.kind === "set" ? before.text : null, steps: [step] }, this.#json);
      this.#put(key, text === null ? { kind: "delete" } : { kind: "set", text });
      return;
    }
    this.#put(key, { kind: "update", steps: [...stepsOf(key, before), step] });
  }

  /** Takes an update back, because its handler heard that it failed. */
  withdraw(key: string, step: Step): void {
    const entry = this.entries.get(key);
    if (entry?.kind !== "update") return;
    const steps = entry.steps.filter((it) => it !== step);
    if (steps.length === 0) this.entries.delete(key);
    else this.entries.set(key, { kind: "update", steps });
  }

  #put(key: string, entry: DraftEntry): void {
    if (key.length < 1 || key.length > 256) throw new RangeError("a state key has 1 to 256 characters");
    this.entries.set(key, entry);
    if (this.entries.size > MAX_ENTRIES)
      throw new RangeError(`a handler may change ${MAX_ENTRIES} state entries at most`);
  }
}

/** An entry's wish as steps from the value there is. */
export function stepsOf(key: string, entry: DraftEntry | undefined): readonly Step[] {
  if (entry?.kind === "update") return entry.steps;
  if (entry?.kind !== "increment") return [];
  const { amount } = entry;
  return [(value) => incremented(key, value, amount)];
}

/** The value's text after the steps; null = the entry is absent. Throws what a step throws. */
export function runSteps(
  key: string,
  { text, steps }: { readonly text: string | null; readonly steps: readonly Step[] },
  json: Json,
): string | null {
  let value = text === null ? undefined : json.parse(text);
  for (const step of steps) {
    value = step(value);
    // A promise's result would come after the settlement is sent.
    if (isThenable(value)) throw new TypeError(`the update of state key '${key}' must not be async`);
  }
  if (value === undefined) return null;
  const after = json.stringify(value);
  if (after === undefined) throw new TypeError(`the value of state key '${key}' cannot be written as JSON`);
  return checked(key, after);
}

function incremented(key: string, value: unknown, amount: number): number {
  if (value === undefined) return amount;
  if (typeof value !== "number") throw new TypeError(`state key '${key}' holds no number to be incremented`);
  return addExactly(value, amount);
}

function checked(key: string, text: string): string {
  if (text.length > MAX_VALUE_CHARACTERS) throw new RangeError(`the value of state key '${key}' is too large`);
  return text;
}
