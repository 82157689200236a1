/** Where a member's frames go. */
export interface FrameSink {
  /** False: the socket pushes back; nothing more is written until it drains. */
  write(frames: string): boolean;
  onDrain(listener: () => void): void;
  end(): void;
}

/** Why a session ended. */
export type EndReason =
  /** The member said goodbye. */
  | "left"
  /** Its connection was gone for longer than the grace. */
  | "grace-over"
  /** It answered nothing at all for `ackTimeoutMs`. */
  | "ack-timeout"
  /** A newcomer of its name took its place. */
  | "replaced"
  /** It goes on at another instance. */
  | "moved"
  /** The database was away for longer than its lease. */
  | "expired"
  /** Its consumer was removed. */
  | "removed"
  | "shutting-down";
