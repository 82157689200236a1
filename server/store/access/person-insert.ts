import type { Tables } from "../database.ts";

export interface NewPerson {
  readonly id: string;
  readonly name: string;
  /** Lower case: sign-in looks it up so. */
  readonly email: string;
  readonly accountId: string;
  readonly passwordHash: string;
  readonly roles: readonly string[];
}

/** Held to the end of the transaction: two first administrators at once would both find nobody. */
export async function lockPeople(db: Tables): Promise<void> {
  await db.$executeRaw`LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE`;
}

export async function isAnybodyThere(db: Tables): Promise<boolean> {
  return (await db.person.findFirst({ select: { id: true } })) !== null;
}

/** A person who signs in with e-mail and password, as better-auth reads one. */
export async function insertPerson(db: Tables, person: NewPerson): Promise<void> {
  const { accountId: id, passwordHash: password, roles, ...named } = person;
  const account = { id, accountId: named.id, providerId: "credential", password };
  await db.person.create({ data: { ...named, emailVerified: true, roles: [...roles], accounts: { create: account } } });
}
