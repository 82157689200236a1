/** Where a member is in its session, to go on from there when its connection breaks. */
export class SessionPlace {
  /** How long the server awaits a member whose connection broke. */
  graceMs = 0;
  #session: string | null = null;
  #lastId: string | null = null;
  #awaySince: number | null = null;

  /** The session's id; null = none. */
  get session(): string | null {
    return this.#session;
  }

  /** The server has said which session this is. */
  begin(session: string): void {
    this.#awaySince = null;
    if (session === this.#session) return;
    this.#session = session;
    this.#lastId = `${session}.0`;
  }

  /** A delivery has arrived. */
  seen(id: string | undefined): void {
    if (id !== undefined && id !== "") this.#lastId = id;
  }

  /** The connection broke, or could not be opened. */
  lose(now: number): void {
    this.#awaySince ??= now;
  }

  forget(): void {
    this.#session = null;
    this.#lastId = null;
    this.#awaySince = null;
  }

  /** The place to go on from; null when there is none, or the server has given up by now. */
  resumeFrom(now: number): string | null {
    if (this.#awaySince !== null && now - this.#awaySince > this.graceMs) return null;
    return this.#lastId;
  }
}
