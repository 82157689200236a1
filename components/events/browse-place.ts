import { parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs";

export const STARTS = ["newest", "oldest", "offset", "time"] as const;
export type Start = (typeof STARTS)[number];

/** Everything the event browser shows is said by its address; a copied link shows the same. */
export const BROWSE_PARAMS = {
  start: parseAsStringLiteral(STARTS).withDefault("newest"),
  /** With `start=offset`. */
  offset: parseAsInteger,
  /** With `start=time`; RFC 3339. */
  time: parseAsString,
  /** Types, separated by commas. */
  types: parseAsString.withDefault(""),
  key: parseAsString.withDefault(""),
  live: parseAsBoolean.withDefault(false),
  /** The event that stands open at the side. */
  event: parseAsInteger,
  view: parseAsStringLiteral(["tree", "raw", "attributes"]).withDefault("tree"),
};

export interface BrowsePlace {
  readonly topic: string;
  readonly start: Start;
  readonly offset: number | null;
  readonly time: string | null;
  readonly filter: { readonly types?: string[]; readonly key?: string };
}

export function filterOf(types: string, key: string): BrowsePlace["filter"] {
  const wanted = types
    .split(",")
    .map((it) => it.trim())
    .filter((it) => it !== "");
  return { ...(wanted.length === 0 ? {} : { types: wanted }), ...(key === "" ? {} : { key }) };
}

/** Newest first only where one starts at the newest; from any other place one reads forward. */
export function isNewestFirst(start: Start): boolean {
  return start === "newest";
}
