import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { BoundedClient } from "../store/bounded-client.ts";
import type { Database } from "../store/database.ts";
import { showInstanceAlive } from "../store/instance-alive.ts";
import {
  answerToWakeUps,
  listenForWakeUps,
  MAX_WAKE_UP_BYTES,
  prepareToSendWakeUps,
  sendWakeUp,
} from "../store/wake-up-channel.ts";
import { coalesced } from "./coalesced.ts";

/**
 * "Something changed there", within this process at once and to other instances a few milliseconds later. Only a hint:
 * it may be lost or come twice, so whoever listens reads the truth from the database and polls besides.
 * Channels: `topic:<id>`, `keys`, `operations`, and those of `consumer-channels.ts`.
 */
export interface Wakeups {
  /** Wakes local listeners now, and other instances by one coalesced NOTIFY a few ms later. */
  announce(channel: string): void;
  /** Returns how to stop. */
  listen(channel: string, listener: (origin: WakeupOrigin) => void): () => void;
  /** Notices sent to other instances, and received from them; whether this one listens. */
  counts(): { readonly sent: number; readonly received: number; readonly isListening: boolean };
  close(): Promise<void>;
}

/** Whether this process announced it, or another instance did (or may have, while the connection was away). */
export type WakeupOrigin = "here" | "elsewhere";

export interface WakeupOptions {
  readonly onError: (error: Error) => void;
  /** How often the connection that listens is asked whether it is still there. */
  readonly keepAliveMs?: number;
  /** The name of this process; the connection that listens says that it is alive. */
  readonly instance?: string;
}

// NOTIFY takes an instance-wide lock at commit, so a few milliseconds' worth of channels share one.
const COALESCE_MS = 5;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;
// Nothing is sent on a connection that listens, so nobody would notice that its packets vanish.
const KEEP_ALIVE_MS = 10_000;

export function createWakeups(database: Database, options: WakeupOptions): Wakeups {
  const instance = options.instance ?? randomUUID();
  const stop = new AbortController();
  const listeners = new Map<string, Set<(origin: WakeupOrigin) => void>>();
  let received = 0;
  let isListening = false;

  function wake(channel: string, origin: WakeupOrigin): void {
    const woken = listeners.get(channel);
    if (woken === undefined) return;
    for (const listener of woken) {
      try {
        listener(origin);
      } catch (error) {
        options.onError(error as Error);
      }
    }
  }

  function receive(payload: string | undefined): void {
    const [sender, ...channels] = (payload ?? "").split(" ");
    if (sender === instance) return;
    received += 1;
    for (const channel of channels) wake(channel, "elsewhere");
  }

  async function listenUntilClosed(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!stop.signal.aborted) {
      let connection: Connection | null = null;
      try {
        connection = await open(database, options.onError);
        connection.client.on("notification", (message) => receive(message.payload));
        await showInstanceAlive(connection.client, instance);
        await listenForWakeUps(connection.client);
        isListening = true;
        retryMs = FIRST_RETRY_MS;
        // Whatever was announced while nobody listened is lost, so everybody looks.
        for (const channel of [...listeners.keys()]) wake(channel, "elsewhere");
        await keepAlive(connection, { everyMs: options.keepAliveMs ?? KEEP_ALIVE_MS, signal: stop.signal });
      } catch (error) {
        if (!stop.signal.aborted) options.onError(error as Error);
      } finally {
        isListening = false;
        await connection?.close();
      }
      await delay(retryMs, undefined, { signal: stop.signal }).catch(() => {});
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  const sender = createSender(database, { ...options, instance, signal: stop.signal });
  const listening = listenUntilClosed();

  return {
    announce(channel) {
      wake(channel, "here");
      sender.send(channel);
    },
    listen(channel, listener) {
      const set = listeners.get(channel) ?? new Set();
      listeners.set(channel, set);
      // A function of its own, so that one listener registered twice is two registrations.
      const entry = (origin: WakeupOrigin) => listener(origin);
      set.add(entry);
      return () => {
        if (set.delete(entry) && set.size === 0 && listeners.get(channel) === set) listeners.delete(channel);
      };
    },
    counts: () => ({ sent: sender.sent, received, isListening }),
    async close() {
      stop.abort();
      await Promise.allSettled([listening, sender.close()]);
    },
  };
}

interface SenderOptions extends Pick<WakeupOptions, "onError"> {
  readonly instance: string;
  readonly signal: AbortSignal;
}

/** Sends what was announced, one payload at a time, on a connection of its own. */
function createSender(database: Database, { instance, signal, onError }: SenderOptions) {
  const pending = new Set<string>();
  const sending = coalesced(async () => {
    // Wake-ups that came while the turn before waited went with it.
    if (pending.size === 0) return;
    await delay(COALESCE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    await flush();
  });
  let connection: Connection | null = null;
  let notBefore = 0;
  let sent = 0;

  async function flush(): Promise<void> {
    const payloads = payloadsOf(pending, instance);
    pending.clear();
    // While the database is away hints are dropped rather than kept: reconnecting listeners look by themselves.
    if (Date.now() < notBefore) return;
    try {
      if (connection === null || connection.isBroken()) {
        connection = await open(database, onError);
        await prepareToSendWakeUps(connection.client);
      }
      for (const payload of payloads) {
        await sendWakeUp(connection.client, payload);
        sent += 1;
      }
    } catch (error) {
      notBefore = Date.now() + FIRST_RETRY_MS;
      const broken = connection;
      connection = null;
      await broken?.close();
      onError(error as Error);
    }
  }

  return {
    get sent() {
      return sent;
    },
    send(channel: string): void {
      if (signal.aborted) return;
      pending.add(channel);
      void sending.run();
    },
    async close(): Promise<void> {
      await sending.whenIdle();
      await connection?.close();
      connection = null;
    },
  };
}

/** `<instance> <channel> <channel> …`, in as many payloads as their size asks for. */
export function payloadsOf(channels: Iterable<string>, instance: string): string[] {
  const payloads: string[] = [];
  let payload = instance;
  for (const channel of channels) {
    if (payload !== instance && payload.length + 1 + channel.length > MAX_WAKE_UP_BYTES) {
      payloads.push(payload);
      payload = instance;
    }
    payload += ` ${channel}`;
  }
  if (payload !== instance) payloads.push(payload);
  return payloads;
}

interface Connection {
  readonly client: BoundedClient;
  isBroken(): boolean;
  /** Resolves once the connection ended or the signal fired. */
  untilBroken(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Asks now and then for as long as the connection lives; resolves once it ended or the signal fired. */
async function keepAlive(
  connection: Connection,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const over = new AbortController();
  void connection.untilBroken(signal).then(() => over.abort());
  while (!over.signal.aborted) {
    await delay(everyMs, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
    if (!over.signal.aborted) await answerToWakeUps(connection.client);
  }
}

async function open(database: Database, onError: (error: Error) => void): Promise<Connection> {
  const client = await database.connect();
  let isBroken = false;
  client.on("error", onError);
  const ended = new Promise<void>((resolve) => {
    client.once("end", () => {
      isBroken = true;
      resolve();
    });
  });
  return {
    client,
    isBroken: () => isBroken,
    untilBroken(signal) {
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      return Promise.race([ended, aborted]);
    },
    async close() {
      await client.end().catch(() => {});
    },
  };
}
