import { ADMIN, type RunningServer } from "./running-server.ts";

/** A person who signs in as `<name>@roles.example` with the administrator's password, which needs no hashing anew. */
export async function addPerson(server: RunningServer, name: string, roles: readonly string[]): Promise<string> {
  await server.database.database.pool.query(
    `WITH added AS (INSERT INTO person (id, name, email, email_verified, roles)
                    VALUES ($1, $1, $1 || '@roles.example', true, $2) RETURNING id)
     INSERT INTO person_account (id, person_id, account_id, provider_id, password)
     SELECT added.id, added.id, added.id, 'credential', a.password FROM added, person_account a
       JOIN person p ON p.id = a.person_id WHERE p.email = $3`,
    [name, roles, ADMIN.email],
  );
  return name;
}
