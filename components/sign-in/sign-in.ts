import { authClient } from "./auth-client.ts";

/** The words for a person whose sign-in failed. */
function sentenceOf(status: number): string {
  if (status === 401 || status === 400) return "This e-mail and password do not belong together.";
  if (status === 403) {
    return "The server takes this page for one of another site. A proxy in front of it must pass on Host and X-Forwarded-Proto as the browser sees them.";
  }
  if (status === 429) return "Too many attempts from here. Wait a minute, then try again.";
  if (status === 503) return "The database cannot be reached at the moment. Try again shortly.";
  if (status === 0) return "The server does not answer. Is it running?";
  return "Signing in failed on the server. Its log says why.";
}

/** Null when signed in; otherwise why not, as a sentence. */
export async function signIn(email: string, password: string): Promise<string | null> {
  try {
    const { error } = await authClient.signIn.email({ email, password });
    return error === null ? null : sentenceOf(error.status);
  } catch {
    return sentenceOf(0);
  }
}
