"use client";

import { useQuery } from "@tanstack/react-query";
import { redirect, useSearchParams } from "next/navigation";
import { useState } from "react";
import { useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { Entrance } from "../sign-in/entrance.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Checklist } from "./checklist.tsx";
import { SetupForm } from "./setup-form.tsx";

/** First run: the administrator, the environment's name, then the first steps. */
export function FirstRun() {
  const api = useApi();
  const token = useSearchParams().get("token");
  const status = useQuery(api.setup.status.queryOptions());
  const [secret, setSecret] = useState<string | null>(null);

  if (secret !== null) {
    return (
      <Entrance text="The server is yours. Three steps show that it works." isWide title="Ready">
        <Checklist secret={secret} />
      </Entrance>
    );
  }
  if (status.data?.isNeeded === false) redirect("/");
  if (status.isError) {
    return (
      <Entrance title="Set up">
        <Failure error={status.error} onRetry={() => void status.refetch()} what="page" />
      </Entrance>
    );
  }
  if (status.data === undefined) {
    return (
      <Entrance title="Set up">
        <Skeleton className="h-64" />
      </Entrance>
    );
  }
  if (token === null || token === "") return <NoToken />;
  return (
    <Entrance text="Creates the first administrator and names this environment." title="Set up Millrace">
      <SetupForm onCreated={setSecret} token={token} />
    </Entrance>
  );
}

function NoToken() {
  return (
    <Entrance title="Open the link in the terminal">
      <div className="flex flex-col gap-3 text-muted text-sm">
        <p>
          This server has no administrator yet. When it started, it printed a link that only whoever runs it can see:
        </p>
        <pre className="whitespace-pre-wrap break-all rounded-md border border-line bg-sunken px-3 py-2 font-mono text-ink text-xs">
          First run: open this link once to set it up:{"\n"}…/setup?token=…
        </pre>
        <p>Open that link here. If the output is gone, restart the server: it prints a fresh one.</p>
      </div>
    </Entrance>
  );
}
