import { TRPCClientError } from "@trpc/client";

export function statusOf(error: unknown): number | undefined {
  return error instanceof TRPCClientError ? (error.data as { httpStatus?: number } | null)?.httpStatus : undefined;
}

/** Where to sign in, and from there back to this page. */
export function signInPath(path: string, search: string): string {
  return `/login?next=${encodeURIComponent(`${path}${search}`)}`;
}

/** A session that ended while a page stood open leads to the sign-in page, and back. */
export function leaveWhenSignedOut(error: unknown): void {
  const { pathname, search } = window.location;
  if (statusOf(error) !== 401 || pathname === "/login" || pathname === "/setup") return;
  window.location.assign(signInPath(pathname, search));
}
