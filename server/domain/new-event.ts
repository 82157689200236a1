/** An event on its way into the log: parsed and checked, its data still the text or bytes that were sent. */
export interface NewEvent {
  /** The caller's id, or null to be given one. */
  readonly id: string | null;
  /** Who made it; names the event together with its id. Stands in `attributes`, too. */
  readonly source: string;
  readonly type: string;
  readonly key: string | null;
  /** JSON text without a line break, or null when there is no JSON data. */
  readonly data: string | null;
  /** Data of another content type, or null. Never together with `data`. */
  readonly dataBytes: Uint8Array | null;
  /** The remaining CloudEvents attributes (source at least) as one JSON object text. */
  readonly attributes: string;
}
