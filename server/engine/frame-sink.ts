/** Where a member's frames go. */
export interface FrameSink {
  /** False: the socket pushes back; nothing more is written until it drains. */
  write(frames: string): boolean;
  onDrain(listener: () => void): void;
  end(): void;
}

export type EndReason = "replaced" | "ack-timeout" | "shutting-down" | "partitions-changed" | "left";
