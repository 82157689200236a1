"use client";

import { parseAsArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { PARKED_ACTIONS, STATE_ACTIONS, TARGET_KINDS } from "./target-choice.ts";

const FIELDS = {
  to: parseAsStringLiteral(TARGET_KINDS).withDefault("earliest"),
  offset: parseAsString.withDefault(""),
  time: parseAsString.withDefault(""),
  minutes: parseAsString.withDefault(""),
  by: parseAsString.withDefault(""),
  consumer: parseAsString.withDefault(""),
  topic: parseAsString.withDefault(""),
  /** Null = all of them. */
  topics: parseAsArrayOf(parseAsString),
  parked: parseAsStringLiteral(PARKED_ACTIONS).withDefault("keep"),
  state: parseAsStringLiteral(STATE_ACTIONS).withDefault("keep"),
};

/** The tabs of the page have parameters of the same names. */
const URL_KEYS = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, `move-${name}`])) as Record<
  keyof typeof FIELDS,
  string
>;

/** Where to move to, as it stands in the address: a copied link opens the same form. */
export function useMoveFields() {
  return useQueryStates(FIELDS, { urlKeys: URL_KEYS });
}
export type MoveFields = ReturnType<typeof useMoveFields>[0];

/** The address of the form, filled in for one event. */
export function moveBeforeHref(consumer: string, topic: string, offset: number): string {
  return `/consumers/${consumer}?move=true&move-to=before&move-topic=${topic}&move-offset=${offset}`;
}
