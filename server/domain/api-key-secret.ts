/**
 * A key's secret reads `mr_<8 characters>_<40 characters>`, each one of 62: the first part finds the key, the second
 * proves it (238 bits). A secret of another shape, which only `MILLRACE_API_KEY` can bring, is found by its hash.
 */
const SHAPE = /^mr_([0-9A-Za-z]{8})_[0-9A-Za-z]{32,}$/;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Makes a secret from draws of 0 … 61. */
export function apiKeySecret(draw: () => number): string {
  const text = Array.from({ length: 48 }, () => ALPHABET[draw()]).join("");
  return `mr_${text.slice(0, 8)}_${text.slice(8)}`;
}

/** What a key is looked up by. `hash` is the SHA-256 of the secret in hex. */
export function apiKeyPrefix(secret: string, hash: string): string {
  return SHAPE.exec(secret)?.[1] ?? `sha-${hash.slice(0, 12)}`;
}
