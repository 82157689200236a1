/** Who does something, for the audit: `person:ada@example.org`, `key:billing-worker` or `system`. */
export interface Actor {
  readonly name: string;
  readonly requestId: string;
}
