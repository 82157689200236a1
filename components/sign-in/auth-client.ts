"use client";

import { createAuthClient } from "better-auth/react";

/** Sign-in and sign-out; endpoints under `/api/auth`. */
export const authClient = createAuthClient({ basePath: "/api/auth" });
