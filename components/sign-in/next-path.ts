/** Where to go after signing in: a path of this server and nothing else, for the address may come from anywhere. */
export function nextPath(asked: string | null): string {
  if (asked === null) return "/";
  const here = "http://here.invalid";
  try {
    const url = new URL(asked, here);
    if (url.origin !== here || url.pathname.startsWith("//") || url.pathname === "/login") return "/";
    return `${url.pathname}${url.search}`;
  } catch {
    return "/";
  }
}
