// The events of every measurement: 256 bytes of JSON data, one type, a thousand keys. Peers get the same data.
export const EVENT_BYTES = 256;
export const EVENT_TYPE = "payment.succeeded";
const KEYS = 1_000;

/** 256 bytes of JSON that carry a sequence number of 9 digits. */
export function eventData(sequence: number): string {
  const head = `{"seq":"${sequenceText(sequence)}","amount":1250,"currency":"EUR","note":"`;
  return `${head}${"x".repeat(EVENT_BYTES - head.length - 2)}"}`;
}

export function sequenceText(sequence: number): string {
  return String(sequence).padStart(9, "0");
}

export function eventKey(sequence: number): string {
  return `account-${sequence % KEYS}`;
}

/** An event in the plain form of `POST /v1/topics/{topic}/events`. */
export function plainEvent(sequence: number): string {
  return `{"type":"${EVENT_TYPE}","key":"${eventKey(sequence)}","data":${eventData(sequence)}}`;
}

export function plainBatch(first: number, size: number): string {
  const events = Array.from({ length: size }, (_, i) => plainEvent(first + i));
  return `{"events":[${events.join(",")}]}`;
}

/** An event as a topic's follower receives it. */
export function cloudEvent(offset: number, data = eventData(offset)): string {
  return (
    `{"specversion":"1.0","id":"0198c0de-0000-7000-8000-000000000000","type":"${EVENT_TYPE}","source":"/",` +
    `"topic":"bench","${sequenceMark(offset)},"recordedtime":"2026-11-20T21:00:00.000Z",` +
    `"partitionkey":"${eventKey(offset)}","data":${data}}`
  );
}

/** What tells the frame of an offset from every other, whoever wrote it (the opening quote of the name left out). */
export function sequenceMark(offset: number): string {
  return `sequence":"${offset}"`;
}

/** A topic frame padded or cut in its data to an exact number of bytes, for the ceiling to carry what Millrace does. */
export function topicFrame(offset: number, bytes: number): string {
  const frame = (data: string) => `id: ${offset}\ndata: ${cloudEvent(offset, data)}\n\n`;
  const data = eventData(offset);
  const surplus = bytes - frame(data).length;
  if (surplus >= 0) return frame(`${data.slice(0, -2)}${"x".repeat(surplus)}"}`);
  return frame(`${data.slice(0, surplus - 2)}"}`);
}
