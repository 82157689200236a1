import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { Shell } from "@/components/shell/shell.tsx";
import { SignInFirst } from "@/components/shell/sign-in-first.tsx";

/** No cookie, no shell. Whether the cookie is any good is decided by every call to the server. */
export default async function RoomLayout({ children }: { children: ReactNode }) {
  const isCookieThere = (await cookies()).getAll().some((it) => it.name.endsWith("millrace.session_token"));
  return isCookieThere ? <Shell>{children}</Shell> : <SignInFirst />;
}
