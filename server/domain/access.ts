/**
 * Who may do what: one rule, for people and keys. A caller has scopes, each an action on names; what no scope allows is
 * refused. Nothing else decides.
 */

/** What a scope allows on, and whatever is asked about: a topic, a consumer, or the installation itself. */
export type Target = { readonly topic: string } | { readonly consumer: string } | "installation";

export type Action = "publish" | "read" | "consume" | "operate" | "administer";

export interface AccessScope {
  readonly action: Action;
  /** A name, a name's beginning followed by `*`, or `*` for all. */
  readonly pattern: string;
  /** Absent = topics and consumers of these names. */
  readonly on?: "topics" | "consumers" | undefined;
}

/** Whether the caller may do this to that. */
export type May = (action: Action, target: Target) => boolean;

export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The installation is under the scope of all names of every kind, and under no smaller one. */
function reaches({ pattern, on }: AccessScope, target: Target): boolean {
  if (target === "installation") return pattern === "*" && on === undefined;
  if ("topic" in target) return on !== "consumers" && matchesPattern(pattern, target.topic);
  return on !== "topics" && matchesPattern(pattern, target.consumer);
}

export function allows(scopes: readonly AccessScope[], action: Action, target: Target): boolean {
  return scopes.some((it) => it.action === action && reaches(it, target));
}

/** Whether one of the scopes, by itself, allows all that the wanted one does. */
function isCovered(wanted: AccessScope, scopes: readonly AccessScope[]): boolean {
  return scopes.some(
    (it) =>
      it.action === wanted.action &&
      (it.on === undefined || it.on === wanted.on) &&
      (it.pattern === wanted.pattern ||
        (it.pattern.endsWith("*") && wanted.pattern.startsWith(it.pattern.slice(0, -1)))),
  );
}

/** The first of these scopes that is wider than what the giver has; null = all of them may be given away. */
export function widerThan(giver: readonly AccessScope[], wanted: readonly AccessScope[]): AccessScope | null {
  return wanted.find((it) => !isCovered(it, giver)) ?? null;
}

/** Whether whoever has the first scopes administers every name that the others speak of: may see, end and renew them. */
export function administers(scopes: readonly AccessScope[], others: readonly AccessScope[]): boolean {
  return (
    widerThan(
      scopes,
      others.map((it) => ({ ...it, action: "administer" })),
    ) === null
  );
}

/** As one reads it: `read payments.*`, `read payments.* on topics`. */
export function scopeText({ action, pattern, on }: AccessScope): string {
  return `${action} ${pattern}${on === undefined ? "" : ` on ${on}`}`;
}
