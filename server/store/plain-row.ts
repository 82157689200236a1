type Plain<Value> = Value extends Date ? string : Value extends bigint ? number : Value;

/** A row of Prisma's in the contract's terms. */
export type PlainRow<Row> = { [Name in keyof Row]: Plain<Row[Name]> };

/** Times become RFC 3339, and integers of 64 bits numbers: none is beyond 2^53−1. */
export function plainRow<Row extends object>(row: Row): PlainRow<Row> {
  const plain = Object.entries(row).map(([name, value]) => [name, plainValue(value)]);
  return Object.fromEntries(plain) as PlainRow<Row>;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "bigint" ? Number(value) : value;
}
