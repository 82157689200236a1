import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { Shell } from "@/components/shell/shell.tsx";

/** No cookie, no shell. Whether the cookie is any good is decided by every call to the server. */
export default async function RoomLayout({ children }: { children: ReactNode }) {
  const isCookieThere = (await cookies()).getAll().some((it) => it.name.endsWith("millrace.session_token"));
  if (!isCookieThere) redirect("/login");
  return <Shell>{children}</Shell>;
}
