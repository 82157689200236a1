import { createParser } from "eventsource-parser";

// A member as a process of its own, to be stopped and continued: prints each delivery as a line of JSON, and at a
// line on standard input acknowledges everything it was handed, printing the answer's status and body.
const [url = "", apiKey = "", consumer = "", member = ""] = process.argv.slice(2);
const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
const handed: { topic: string; partition: number; offset: number; epoch: number }[] = [];

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

process.stdin.on("data", async () => {
  const settlements = handed.map(({ topic, partition, offset, epoch }) => ({
    topic,
    partition,
    offset,
    epoch,
    outcome: "ack",
  }));
  const body = JSON.stringify({ settlements });
  const answer = await fetch(`${url}/v1/consumers/${consumer}/settlements`, { method: "POST", headers, body });
  print({ status: answer.status, body: await answer.json() });
});

const parser = createParser({
  onEvent(frame) {
    if (frame.event !== undefined) return;
    const { delivery } = JSON.parse(frame.data);
    handed.push(delivery);
    print({ delivery });
  },
});
const stream = await fetch(`${url}/v1/consumers/${consumer}/events?member=${member}`, { headers });
if (stream.body === null) throw new Error(`no stream: ${stream.status}`);
const decoder = new TextDecoder();
try {
  for await (const chunk of stream.body) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
} finally {
  print({ ended: true });
}
