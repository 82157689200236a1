import type { Operation } from "@/server/contract/operations.ts";

/** A list, newest first, with what has just been heard of some of them or of new ones. */
export function withNewest(known: readonly Operation[], heard: readonly Operation[]): Operation[] {
  const byId = new Map(heard.map((it) => [it.id, it]));
  const isKnown = new Set(known.map((it) => it.id));
  return [...heard.filter((it) => !isKnown.has(it.id)), ...known.map((it) => byId.get(it.id) ?? it)].sort((a, b) =>
    b.createdAt.localeCompare(a.createdAt),
  );
}
