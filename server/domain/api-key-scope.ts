/** An action, and the names it is allowed on: a name, a name's beginning followed by `*`, or `*` for all. */
export interface KeyScope {
  readonly action: string;
  readonly pattern: string;
}

export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

export function allows(scopes: readonly KeyScope[], action: string, name: string): boolean {
  return scopes.some((it) => it.action === action && matchesPattern(it.pattern, name));
}
