import type { MillraceError } from "./millrace-error.ts";

/** Listeners for the connection of a stream. */
export interface ConnectionListeners {
  /**
   * The connection was lost, or an attempt to connect has failed; the next one follows by itself. `attempt` counts from 1
   * since the connection last stood. Without it one warning is written when there is no connection for five seconds.
   */
  readonly onDisconnect?: ((error: MillraceError, attempt: number) => void) | undefined;
  /** The connection stands again. */
  readonly onReconnect?: (() => void) | undefined;
}

const WARN_AFTER_MS = 5_000;

/** Notices outages, so that a client that reaches nobody is not silent for ever. */
export class ConnectionWatch {
  readonly #what: string;
  readonly #listeners: ConnectionListeners;
  #attempts = 0;
  #lastError: MillraceError | undefined;
  #hasWarned = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `what` names stream and server: `consumer 'billing' at http://127.0.0.1:3000`. */
  constructor(what: string, listeners: ConnectionListeners) {
    this.#what = what;
    this.#listeners = listeners;
  }

  /** An attempt to connect begins; one that hangs is an outage, too. */
  connecting(): void {
    if (this.#listeners.onDisconnect !== undefined || this.#timer !== undefined || this.#hasWarned) return;
    this.#timer = setTimeout(() => this.#warn(), WARN_AFTER_MS);
  }

  failed(error: MillraceError): void {
    this.#attempts++;
    this.#lastError = error;
    this.#listeners.onDisconnect?.(error, this.#attempts);
    this.connecting();
  }

  connected(): void {
    this.stop();
    const wasAway = this.#attempts > 0;
    if (this.#hasWarned) console.warn(`millrace: ${this.#what} is connected`);
    this.#attempts = 0;
    this.#lastError = undefined;
    this.#hasWarned = false;
    if (wasAway) this.#listeners.onReconnect?.();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #warn(): void {
    this.#timer = undefined;
    this.#hasWarned = true;
    const seconds = WARN_AFTER_MS / 1_000;
    const why = this.#lastError?.message ?? "no answer yet";
    console.warn(`millrace: ${this.#what} is not connected for ${seconds} s, and goes on trying: ${why}`);
  }
}
