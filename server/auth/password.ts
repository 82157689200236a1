// Scrypt with better-auth's own parameters, so that what set-up stores is what sign-in verifies.
export { hashPassword } from "better-auth/crypto";
