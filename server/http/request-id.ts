import { randomBytes } from "node:crypto";

const SANE = /^[A-Za-z0-9._:/+=-]{1,128}$/;
// Random once for the process and counted within it: a UUID for each request is a fifth of what a small publish costs.
const prefix = randomBytes(9).toString("base64url");
let count = 0;

/** The caller's `x-request-id` when it can stand in a log as it is, else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  if (typeof given === "string" && SANE.test(given)) return given;
  count += 1;
  return `${prefix}-${count.toString(36)}`;
}
