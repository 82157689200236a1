"use client";

import type { Preferences } from "../preferences/preferences.ts";
import { Input, type InputProps } from "../ui/input.tsx";

interface TimeInputProps extends Omit<InputProps, "value" | "onChange" | "type"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A date and a time of day to the second, by the clock the person has chosen. */
export function TimeInput({ value, onChange, ...props }: TimeInputProps) {
  return (
    <Input {...props} type="datetime-local" step={1} value={value} onChange={(event) => onChange(event.target.value)} />
  );
}

/** The field's content as an RFC 3339 time; null while it is not a whole time. */
export function isoOf(value: string, clock: Preferences["clock"]): string | null {
  const at = value === "" ? Number.NaN : Date.parse(clock === "utc" ? `${value}Z` : value);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** The other way round: a time as such a field holds it. */
export function fieldOf(iso: string, clock: Preferences["clock"]): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const shiftMs = clock === "utc" ? 0 : at.getTimezoneOffset() * 60_000;
  return new Date(at.getTime() - shiftMs).toISOString().slice(0, 19);
}
