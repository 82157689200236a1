/** The changes of a list: rows that are new or another object than before, and names that are gone. */
export interface ListChanges<Row> {
  readonly rows: readonly Row[];
  readonly removed: readonly string[];
}

export function indexByName<Row>(rows: readonly Row[], nameOf: (row: Row) => string): ReadonlyMap<string, Row> {
  return new Map(rows.map((it) => [nameOf(it), it]));
}

/**
 * The new list with every row that is equal to the one of that name before replaced by that very object: whoever compares
 * lists later compares identities, and a thousand rows for forty tabs are looked into once.
 */
export function keepUnchanged<Row>(
  before: ReadonlyMap<string, Row>,
  after: readonly Row[],
  same: { readonly nameOf: (row: Row) => string; readonly isEqual: (a: Row, b: Row) => boolean },
): Row[] {
  return after.map((row) => {
    const known = before.get(same.nameOf(row));
    return known !== undefined && same.isEqual(known, row) ? known : row;
  });
}

/** Two lists made by `keepUnchanged`. */
export function changesBetween<Row>(
  before: ReadonlyMap<string, Row>,
  after: ReadonlyMap<string, Row>,
): ListChanges<Row> {
  const rows: Row[] = [];
  for (const [name, row] of after) if (before.get(name) !== row) rows.push(row);
  const removed: string[] = [];
  for (const name of before.keys()) if (!after.has(name)) removed.push(name);
  return { rows, removed };
}
