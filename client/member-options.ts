import type { EventContext } from "./event-context.ts";

export type Handler<Data = unknown> = (context: EventContext<Data>) => unknown;

/** The part of its consumer's declaration that a member has to know. */
export interface Declared {
  readonly ordering: "key" | "topic";
  readonly ackTimeoutMs: number;
}

export interface MemberOptions {
  readonly consumer: string;
  readonly concurrency: number;
  readonly handler: Handler;
  readonly onError: (error: unknown, context: EventContext) => void;
  /** The connection must be given up and opened again; with an error: the whole consumer has failed. */
  readonly onBreak: (fatal?: { readonly error: unknown }) => void;
}
