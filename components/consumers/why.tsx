"use client";

import { formatDateTime } from "../display/format-time.ts";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import type { Standing } from "./consumer-status.tsx";

/** When a pause ends, as the sentence says it: a time in UTC to the millisecond. */
const UNTIL = /(?<= until )\d{4}-\d\d-\d\dT[\d:.]+Z(?=:)/;

/** Why a consumer stands as it does; a time in it goes by the clock the person has chosen. */
function useWhy(why: string): string {
  const { preferences } = usePreferences();
  return why.replace(UNTIL, (iso) => formatDateTime(iso, preferences.clock).slice(0, 16));
}

/** For a line or a cell: whole on hover. */
export function Why({ of: { why } }: { of: Pick<Standing, "why"> }) {
  const said = useWhy(why);
  return (
    <span className="live-value text-muted" title={said}>
      {said}
    </span>
  );
}

/** After the consumer's name; the word of its state is not said twice. */
export function WhySentence({ of: { word, why } }: { of: Pick<Standing, "word" | "why"> }) {
  const said = useWhy(why);
  const sentence = said.charAt(0).toLowerCase() + said.slice(1);
  return sentence.startsWith(word.toLowerCase()) ? sentence : `${word.toLowerCase()}: ${sentence}`;
}
