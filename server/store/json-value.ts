import type { Prisma } from "./prisma/client.ts";

/** What a column of JSON is given. Prisma's own type has no room for interfaces, nor for what may be absent. */
export function jsonValue(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}
