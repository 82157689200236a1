import type { Queryable } from "./database.ts";

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
export async function lockPeople(db: Queryable): Promise<void> {
  await db.query("LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE");
}

export async function isAnybodyThere(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>("SELECT EXISTS (SELECT FROM person) AS found");
  return rows[0]?.found === true;
}

/** A person who signs in with e-mail and password, as better-auth reads one. */
export async function insertPerson(db: Queryable, person: NewPerson): Promise<void> {
  await db.query("INSERT INTO person (id, name, email, email_verified, roles) VALUES ($1, $2, $3, true, $4)", [
    person.id,
    person.name,
    person.email,
    person.roles,
  ]);
  await db.query(
    `INSERT INTO person_account (id, person_id, account_id, provider_id, password) VALUES ($1, $2, $2, 'credential', $3)`,
    [person.accountId, person.id, person.passwordHash],
  );
}
