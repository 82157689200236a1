"use client";

import { redirect, usePathname, useSearchParams } from "next/navigation";
import { signInPath } from "../data/leave-when-signed-out.ts";

/** Leads to the sign-in page, which leads back here. */
export function SignInFirst(): never {
  const path = usePathname();
  const search = useSearchParams().toString();
  redirect(signInPath(path, search === "" ? "" : `?${search}`));
}
