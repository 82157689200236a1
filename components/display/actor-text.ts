/**
 * An actor, or a sentence that names one, as a person reads it: `person:ada@example.org` is `ada@example.org`;
 * `key:billing-worker` and `system` stay.
 */
export function actorText(text: string): string {
  return text.replace(/\bperson:/, "");
}
