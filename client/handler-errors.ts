/** Thrown by a handler: no retry will cure this. The event becomes a dead letter at once. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** Thrown by a handler: not now. The event comes again after `delayMs`, instead of when the retry policy says. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";

  constructor(
    readonly delayMs: number,
    message = "to be tried later",
    options?: ErrorOptions,
  ) {
    super(message, options);
    if (!Number.isFinite(delayMs) || delayMs < 0) throw new RangeError("delayMs must be 0 or more");
  }
}

/** Thrown by a handler: this event is not wanted, for a reason. It is kept as discarded, and its key goes on. */
export class SkipEvent extends Error {
  override readonly name = "SkipEvent";

  constructor(readonly reason: string) {
    super(reason);
    if (reason.trim() === "") throw new RangeError("an event is skipped for a reason");
  }
}
