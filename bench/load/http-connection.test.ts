import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { HttpConnection, renderRequest } from "./http-connection.ts";

let server: Server | null = null;
afterEach(() => server?.close());

/** A server that answers every request with these pieces, each in a write of its own. */
function answering(pieces: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const listening = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on("data", async () => {
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((turn) => setTimeout(turn, 5));
        }
      });
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1", () => {
      const address = listening.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
    server = listening;
  });
}

const body = "x".repeat(100);
const whole = `HTTP/1.1 201 Created\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test.each([
  ["in one piece", [whole]],
  ["with its head cut", [whole.slice(0, 25), whole.slice(25)]],
  ["with its body cut twice", [whole.slice(0, 60), whole.slice(60, 80), whole.slice(80)]],
])("an answer that comes %s is read whole, and the connection serves the next one", async (_, pieces) => {
  const port = await answering(pieces);
  const connection = await HttpConnection.open(port);
  const request = renderRequest({ port }, "/", "{}");
  for (let i = 0; i < 3; i++) {
    const answer = await connection.request(request);
    expect(answer.status).toBe(201);
    expect(answer.text()).toBe(whole);
  }
  connection.close();
});

test("a connection that the server closes fails the request on its way, and every later one", async () => {
  const port = await answering([whole.slice(0, 60)]);
  server?.on("connection", (socket) => socket.once("data", () => setTimeout(() => socket.destroy(), 20)));
  const connection = await HttpConnection.open(port);
  const request = renderRequest({ port }, "/", "{}");
  await expect(connection.request(request)).rejects.toThrow("closed");
  await expect(connection.request(request)).rejects.toThrow("closed");
});
