/** Written by Millrace into every event it delivers. */
const OWN = new Set(["topic", "sequence", "recordedtime"]);
/** The attributes of CloudEvents 1.0 that have a meaning here. */
const CORE = new Set([
  "specversion",
  "id",
  "type",
  "source",
  "time",
  "subject",
  "datacontenttype",
  "dataschema",
  "data",
  "partitionkey",
]);

export function isOwnAttribute(name: string): boolean {
  return OWN.has(name);
}

/** Whether no extension may have this name. */
export function isReservedAttribute(name: string): boolean {
  return OWN.has(name) || CORE.has(name);
}
