export interface HeardChanges<Row> {
  readonly isWhole: boolean;
  readonly rows: readonly Row[];
  readonly removed: readonly string[];
}

/**
 * A list by name with what was heard of it. Null: what was heard are changes of a list that is not known here; it will be
 * asked for by whoever shows it.
 */
export function withChanges<Row>(
  known: readonly Row[] | undefined,
  { isWhole, rows, removed }: HeardChanges<Row>,
  nameOf: (row: Row) => string,
): Row[] | null {
  if (isWhole) return [...rows];
  if (known === undefined) return null;
  const byName = new Map(known.map((it) => [nameOf(it), it]));
  for (const name of removed) byName.delete(name);
  for (const row of rows) byName.set(nameOf(row), row);
  return [...byName.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}
