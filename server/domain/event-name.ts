/**
 * What names an event within its topic (CloudEvents 1.0, section 3.1.1): its source and its id together, as one text. Two
 * producers may use the same id. An id holds no control character, so the first line break ends it.
 */
export function eventName(id: string, source: string): string {
  return `${id}\n${source}`;
}
