import type { May } from "./access.ts";

/**
 * Whether the caller sees an audit row, by the row's target: of topics and consumers whoever may read them, of all else
 * (keys, roles, people, settings) whoever administers the installation.
 */
export function seesAuditOf(may: May, target: string): boolean {
  if (target.startsWith("topic:")) return may("read", { topic: target.slice("topic:".length) });
  if (target.startsWith("consumer:")) return may("read", { consumer: target.slice("consumer:".length) });
  return may("administer", "installation");
}
