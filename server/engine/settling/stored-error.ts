import { createHash } from "node:crypto";
import { fingerprintText, type ReportedError } from "../../domain/error-fingerprint.ts";
import { CONNECTION_LOST } from "../../store/members/delivery-attempts-select.ts";
import type { StoredError } from "../../store/parked/settle-write.ts";

// 64 bits: groups are told apart among thousands, and the text is short enough to stand in an address.
const FINGERPRINT_CHARACTERS = 16;

/** A reported error with the fingerprint that it shares with failures of its kind. */
export function storedError(error: ReportedError): StoredError {
  const fingerprint = createHash("sha256")
    .update(fingerprintText(error))
    .digest("hex")
    .slice(0, FINGERPRINT_CHARACTERS);
  // PostgreSQL's text cannot hold U+0000 nor a lone surrogate; an error text comes from anywhere.
  return {
    name: storable(error.name),
    message: storable(error.message),
    stack: error.stack === undefined ? null : storable(error.stack),
    fingerprint,
  };
}

function storable(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD").toWellFormed();
}

const ACK_TIMEOUT = "AckTimeout";

/** The member's connection ended during each delivery of an event, and with nothing else in flight during the last. */
export function connectionLostError(): StoredError {
  return storedError({
    name: CONNECTION_LOST,
    message: "the member's connection ended during every delivery, during the last of them with nothing else in flight",
  });
}

/** An ack timeout is a retry with this error. */
export function ackTimeoutError(ackTimeoutMs: number): StoredError {
  return storedError({ name: ACK_TIMEOUT, message: `no answer within ${ackTimeoutMs} ms` });
}
