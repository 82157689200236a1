import type { Queryable } from "./database.ts";

/** The one NOTIFY channel of Millrace; what woke up travels in the payload. */
export const CHANNEL = "millrace_wake_up";

/** PostgreSQL refuses payloads of 8,000 bytes; this leaves room for the sender's name. */
export const MAX_WAKE_UP_BYTES = 7_000;

/** The word of a sender about one channel. */
export function wakeUpPayload(sender: string, channel: string): string {
  return `${sender} ${channel}`;
}

export async function listenForWakeUps(db: Queryable): Promise<void> {
  await db.query(`LISTEN ${CHANNEL}`);
}

/** Answers as long as the connection that listens is there. */
export async function answerToWakeUps(db: Queryable): Promise<void> {
  await db.query("SELECT 1");
}

/** A hint may be lost in a crash, so it need not wait for the disk. */
export async function prepareToSendWakeUps(db: Queryable): Promise<void> {
  await db.query("SET synchronous_commit = off");
}

export async function sendWakeUp(db: Queryable, payload: string): Promise<void> {
  await db.query({ name: "send_wake_up", text: "SELECT pg_notify($1, $2)", values: [CHANNEL, payload] });
}
