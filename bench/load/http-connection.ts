import { connect, type Socket } from "node:net";

export interface HttpTarget {
  readonly port: number;
  /** Sent as `Authorization: Bearer`, when given. */
  readonly apiKey?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** The whole answer, head and body, as latin1. Read lazily: it costs more than the rest of the exchange. */
  readonly text: () => string;
}

// Raw sockets and precomputed requests: an ordinary HTTP client costs several times what it takes to serve the request,
// and on two cores the client would be what is measured.
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** A whole request, head and body, to be sent any number of times. */
export function renderRequest(target: HttpTarget, path: string, body: string, method = "POST"): Buffer {
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${target.port}`,
    ...(target.apiKey === undefined ? [] : [`Authorization: Bearer ${target.apiKey}`]),
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** One keep-alive connection with one request on its way at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  #onAnswer: ((answer: HttpAnswer) => void) | null = null;
  #onFailure: ((error: Error) => void) | null = null;
  #received: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #wanted = -1;
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      let connection: HttpConnection;
      const socket = connect({
        host: "127.0.0.1",
        port,
        noDelay: true,
        // One buffer for all sockets: each read is consumed before the next one starts.
        onread: {
          buffer: shared,
          callback: (count, buffer) => {
            connection.#take(buffer as Buffer, count);
            return true;
          },
        },
      });
      connection = new HttpConnection(socket);
      socket.once("connect", () => resolve(connection));
      socket.once("error", reject);
      socket.on("error", (error) => connection.#fail(error));
      socket.on("close", () => connection.#fail(new Error("the server closed the connection")));
    });
  }

  /** Sends a rendered request and calls back once, with the answer or with what broke. */
  send(request: Buffer, onAnswer: (answer: HttpAnswer) => void, onFailure: (error: Error) => void): void {
    if (this.#failure !== null) {
      onFailure(this.#failure);
      return;
    }
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
    this.#bytes = 0;
    this.#wanted = -1;
    this.#socket.write(request);
  }

  request(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => this.send(request, resolve, reject));
  }

  close(): void {
    this.#onFailure = null;
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const report = this.#onFailure;
    this.#onAnswer = null;
    this.#onFailure = null;
    report?.(error);
  }

  #take(buffer: Buffer, count: number): void {
    let whole = buffer;
    if (this.#bytes === 0 && this.#wanted === -1) {
      this.#wanted = answerLength(buffer, count);
      // The common case: the answer came in one piece and is never copied.
      if (count !== this.#wanted) this.#keep(buffer, count);
      else this.#bytes = count;
    } else {
      this.#keep(buffer, count);
      if (this.#wanted === -1) this.#wanted = answerLength(this.#received, this.#bytes);
    }
    if (this.#wanted === -1 || this.#bytes < this.#wanted) return;
    if (this.#bytes !== count) whole = this.#received;
    const bytes = this.#bytes;
    const report = this.#onAnswer;
    this.#onAnswer = null;
    this.#onFailure = null;
    const status = (whole[9] as number) * 100 + (whole[10] as number) * 10 + (whole[11] as number) - 48 * 111;
    report?.({ status, text: () => whole.toString("latin1", 0, bytes) });
  }

  #keep(buffer: Buffer, count: number): void {
    if (this.#received.length < this.#bytes + count) {
      const larger = Buffer.allocUnsafe(Math.max(4096, 2 * (this.#bytes + count)));
      this.#received.copy(larger, 0, 0, this.#bytes);
      this.#received = larger;
    }
    buffer.copy(this.#received, this.#bytes, 0, count);
    this.#bytes += count;
  }
}

/** Bytes of the whole answer; −1 while its head is incomplete. Only answers of known length are understood. */
function answerLength(buffer: Buffer, count: number): number {
  const end = buffer.subarray(0, count).indexOf("\r\n\r\n");
  if (end === -1) return -1;
  const length = /\r\ncontent-length: (\d+)/i.exec(buffer.toString("latin1", 0, end));
  if (length === null) throw new Error(`an answer without Content-Length: ${buffer.toString("latin1", 0, end)}`);
  return end + 4 + Number(length[1]);
}
