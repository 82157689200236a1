import { randomBytes, timingSafeEqual } from "node:crypto";
import { Worker } from "node:worker_threads";
import { DomainError } from "../domain/errors.ts";

// Scrypt with better-auth's own parameters and format (`<salt>:<key>`, both in hex): whoever has a password keeps it.
//
// In a thread of its own and one at a time. Node's `scrypt` takes one of libuv's four threads for a tenth of a second,
// and the same four make the handshakes with the database: sixty wrong sign-ins at once kept publishers waiting for
// four seconds.

const KEY_BYTES = 64;
/** Requests that need the thread: two seconds' worth. What comes beyond is refused, not queued. */
const MAX_REQUESTS = 16;

// As text, so that it is found whether the server runs from its sources or from one bundle.
const THREAD = `
const { parentPort } = require("node:worker_threads");
const { scryptSync } = require("node:crypto");
const N = 16384, r = 16, p = 1;
parentPort.on("message", ({ id, password, salt }) => {
  parentPort.postMessage({ id, key: scryptSync(password, salt, ${KEY_BYTES}, { N, r, p, maxmem: 128 * N * r * 2 }) });
});`;

/** Hashes passwords and compares them. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether the stored hash is that of the password; throws a fault for a hash that is none. */
  verify(input: { readonly hash: string; readonly password: string }): Promise<boolean>;
  /** Answers a request of a stranger that may hash a password. Throws `queue-full` when too many are being answered. */
  admit<Answer>(answer: () => Promise<Answer>): Promise<Answer>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (key: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** The thread starts with the first password and never keeps the process alive. */
export function createPasswords({ maxRequests = MAX_REQUESTS }: { readonly maxRequests?: number } = {}): Passwords {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let lastId = 0;
  let requests = 0;

  function startThread(): Worker {
    // Nothing of the process's own options, such as a loader of TypeScript, is wanted there.
    const worker = new Worker(THREAD, { eval: true, execArgv: [] });
    worker.on("message", ({ id, key }: { id: number; key: Uint8Array }) => waiting.get(id)?.resolve(Buffer.from(key)));
    const onEnd = (cause: unknown): void => {
      if (thread === worker) thread = null;
      for (const it of waiting.values()) it.reject(new Error("the thread that hashes passwords ended", { cause }));
    };
    worker.on("error", onEnd);
    worker.on("exit", onEnd);
    return worker;
  }

  async function deriveKey(password: string, salt: string): Promise<Buffer> {
    thread ??= startThread();
    const worker = thread;
    lastId += 1;
    const id = lastId;
    // Whoever waits for an answer keeps the process, the thread alone does not.
    worker.ref();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, password: password.normalize("NFKC"), salt });
      });
    } finally {
      waiting.delete(id);
      if (waiting.size === 0) worker.unref();
    }
  }

  return {
    async admit(answer) {
      if (requests >= maxRequests) {
        throw new DomainError("queue-full", "Too many people are signing in at this moment.", { retryAfterSeconds: 2 });
      }
      requests += 1;
      try {
        return await answer();
      } finally {
        requests -= 1;
      }
    },
    async hash(password) {
      const salt = randomBytes(16).toString("hex");
      return `${salt}:${(await deriveKey(password, salt)).toString("hex")}`;
    },
    async verify({ hash, password }) {
      const [salt, hex] = hash.split(":");
      if (salt === undefined || hex === undefined) throw new Error("a stored password is not <salt>:<key>");
      const key = Buffer.from(hex, "hex");
      return key.length === KEY_BYTES && timingSafeEqual(key, await deriveKey(password, salt));
    },
    async close() {
      await thread?.terminate();
    },
  };
}
