import { createHash, timingSafeEqual } from "node:crypto";
import { setMaxListeners } from "node:events";
import { allows } from "../domain/access.ts";
import { DomainError } from "../domain/errors.ts";
import type { ApiKeyAccess } from "../services/access/api-key-access.ts";
import type { Authenticate, Identity } from "./identity.ts";

export interface ApiKeyChecker {
  /** At once when the key was seen lately, so that a request costs no query. */
  readonly authenticate: Authenticate;
  close(): Promise<void>;
}

export interface ApiKeyCheckerOptions {
  readonly access: ApiKeyAccess;
  /** Calls back when some key changed, here or elsewhere; returns how to stop. */
  readonly onKeysChanged: (listener: () => void) => () => void;
  readonly onError: (error: unknown) => void;
  /** How often known keys are looked at again. With a lost wake-up, this is how long a revoked key still works. */
  readonly recheckMs?: number;
}

interface KnownKey {
  readonly id: string;
  readonly identity: Identity;
  readonly end: AbortController;
  readonly expiresAtMs: number | null;
  /** When the database last said that the key is good. */
  verifiedAtMs: number;
  usedAtMs: number;
  touchedAtMs: number;
}

const RECHECK_MS = 1_000;
/** Without word from the database for this long, a key is looked up again (and the request fails with it). */
const TRUSTED_MS = 10_000;
const TOUCH_EVERY_MS = 60_000;
// Keys are made by people; this is far above what they make, and 2 MB at most. What falls out is looked up again, and
// its streams end and resume.
const MAX_KNOWN = 4_096;
// Lookups of secrets not known here, at one time: a flood of wrong keys must not take the pool from everybody else.
const MAX_LOOKUPS = 64;
const MAX_SECRET = 512;

const refused = (): DomainError =>
  new DomainError("unauthenticated", "Send a valid API key as `Authorization: Bearer …`.");

export function createApiKeyChecker(options: ApiKeyCheckerOptions): ApiKeyChecker {
  const { access, onError } = options;
  // By the hash of the secret: no secret is kept in memory, and a lookup by hash tells an attacker nothing in time.
  const known = new Map<string, KnownKey>();
  const lookups = new Map<string, Promise<Identity>>();
  let recheck: Promise<void> | null = null;
  let isRecheckDue = false;

  function forget(digest: string, key: KnownKey): void {
    known.delete(digest);
    key.end.abort(refused());
  }

  function remember(digest: string, key: KnownKey): void {
    known.set(digest, key);
    if (known.size <= MAX_KNOWN) return;
    const oldest = known.entries().next().value;
    if (oldest !== undefined) forget(...oldest);
  }

  async function lookUp(secret: string, hash: Buffer, digest: string): Promise<Identity> {
    const asked = Date.now();
    const candidates = await access.find(secret, hash);
    const stored = candidates.find((it) => it.hash.length === hash.length && timingSafeEqual(it.hash, hash));
    if (stored === undefined || stored.isRevoked || (stored.expiresAtMs !== null && stored.expiresAtMs <= asked)) {
      const before = known.get(digest);
      if (before !== undefined) forget(digest, before);
      throw refused();
    }
    const before = known.get(digest);
    if (before !== undefined) {
      before.verifiedAtMs = asked;
      before.usedAtMs = asked;
      return before.identity;
    }
    const end = new AbortController();
    // Every stream of the key listens to it.
    setMaxListeners(0, end.signal);
    const { id, name, scopes, expiresAtMs } = stored;
    const identity: Identity = {
      name,
      scopes,
      can: (action, target) => allows(scopes, action, target),
      signal: end.signal,
    };
    remember(digest, { id, identity, end, expiresAtMs, verifiedAtMs: asked, usedAtMs: asked, touchedAtMs: 0 });
    return identity;
  }

  async function recheckKnown(): Promise<void> {
    const now = Date.now();
    for (const [digest, key] of known) if (key.expiresAtMs !== null && key.expiresAtMs <= now) forget(digest, key);
    if (known.size === 0) return;
    const asked = [...known];
    const hashes = asked.map(([digest, { id }]) => ({ id, hash: Buffer.from(digest, "base64") }));
    const ended = new Set((await access.ended(hashes)).map((it) => Buffer.from(it).toString("base64")));
    for (const [digest, key] of asked) {
      if (ended.has(digest)) forget(digest, key);
      else key.verifiedAtMs = Math.max(key.verifiedAtMs, now);
    }
    const used = [...known.values()].filter(
      (it) => it.usedAtMs > it.touchedAtMs && now - it.touchedAtMs >= TOUCH_EVERY_MS,
    );
    if (used.length === 0) return;
    for (const key of used) key.touchedAtMs = key.usedAtMs;
    await access.touch(used.map((it) => ({ id: it.id, atMs: it.usedAtMs })));
  }

  /** One at a time; a change that comes meanwhile is looked at right after. */
  function startRecheck(): void {
    if (recheck !== null) {
      isRecheckDue = true;
      return;
    }
    recheck = recheckKnown()
      .catch(onError)
      .finally(() => {
        recheck = null;
        if (!isRecheckDue) return;
        isRecheckDue = false;
        startRecheck();
      });
  }

  const stopListening = options.onKeysChanged(startRecheck);
  const timer = setInterval(startRecheck, options.recheckMs ?? RECHECK_MS);
  timer.unref();

  return {
    authenticate(secret) {
      if (secret === "" || secret.length > MAX_SECRET) throw refused();
      const hash = createHash("sha256").update(secret, "utf8").digest();
      const digest = hash.toString("base64");
      const now = Date.now();
      const key = known.get(digest);
      if (key !== undefined && now - key.verifiedAtMs < TRUSTED_MS) {
        if (key.expiresAtMs === null || key.expiresAtMs > now) {
          key.usedAtMs = now;
          return key.identity;
        }
        forget(digest, key);
        throw refused();
      }
      const running = lookups.get(digest);
      if (running !== undefined) return running;
      if (lookups.size >= MAX_LOOKUPS) {
        throw new DomainError("queue-full", "Too many unknown API keys are being checked.", { retryAfterSeconds: 1 });
      }
      const lookup = lookUp(secret, hash, digest).finally(() => lookups.delete(digest));
      lookups.set(digest, lookup);
      return lookup;
    },
    async close() {
      clearInterval(timer);
      stopListening();
      isRecheckDue = false;
      await recheck;
      for (const [digest, key] of known) forget(digest, key);
    },
  };
}
