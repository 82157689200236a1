/** A named frame of a topic's stream. With an id, a client resumes from there although no event came. */
export function namedFrame(name: string, data: object, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
