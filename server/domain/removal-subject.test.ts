import { expect, test } from "vitest";
import { type RemovalSubject, removalSubjectText } from "./removal-subject.ts";

const SUBJECT: RemovalSubject = {
  targetId: 7,
  consumers: ["billing", "mail"],
  topics: [],
  parked: 3,
  stateEntries: 10,
  events: 500,
};
const isSame = (change: Partial<RemovalSubject>) =>
  removalSubjectText({ ...SUBJECT, ...change }) === removalSubjectText(SUBJECT);

test("ordinary progress leaves a preview as it is", () => {
  expect(isSame({ events: 501, parked: 1, stateEntries: 11 })).toBe(true);
});

test("consumers and topics that came or went make another preview, their order does not", () => {
  expect(isSame({ consumers: ["mail", "billing"] })).toBe(true);
  expect(isSame({ consumers: ["billing"] })).toBe(false);
  expect(isSame({ consumers: ["billing", "ledger", "mail"] })).toBe(false);
  expect(isSame({ topics: ["orders"] })).toBe(false);
});

test("the first event, parked event or state entry, and the last that goes, make another preview", () => {
  expect(isSame({ parked: 0 })).toBe(false);
  expect(isSame({ stateEntries: 0 })).toBe(false);
  expect(isSame({ events: 0 })).toBe(false);
});

test("another incarnation of the name is another preview", () => {
  expect(isSame({ targetId: 8 })).toBe(false);
});
