"use client";

import type { TRPCClientErrorLike } from "@trpc/client";
import type { inferRouterOutputs } from "@trpc/server";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import type { AppRouter } from "@/server/trpc/router.ts";

/** `useApi()` gives the query and mutation options of every procedure; `useApiClient()` the bare client. */
export const {
  TRPCProvider: ApiContext,
  useTRPC: useApi,
  useTRPCClient: useApiClient,
} = createTRPCContext<AppRouter>();

export type ApiError = TRPCClientErrorLike<AppRouter>;

/** The answer of each procedure, as it arrives. */
export type ApiOutputs = inferRouterOutputs<AppRouter>;
