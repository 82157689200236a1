"use client";

import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useState } from "react";
import type { ApiKey } from "@/server/contract/api-keys.ts";
import { useApi } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { FactList } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { Ago, DateTime } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { ENVIRONMENT_COLOURS } from "../shell/environment-mark.tsx";
import { Page } from "../shell/page.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { CreateKey } from "./create-key.tsx";
import { RevokeKey } from "./revoke-key.tsx";

function standing(key: ApiKey): { word: string; tone: "ok" | "idle" | "bad" } {
  if (key.revokedAt !== null) return { word: "Revoked", tone: "bad" };
  if (key.expiresAt !== null && Date.parse(key.expiresAt) < Date.now()) return { word: "Expired", tone: "idle" };
  return { word: "Valid", tone: "ok" };
}

export function SettingsPage() {
  const api = useApi();
  const info = useQuery(api.system.info.queryOptions());
  const keys = useQuery(api.apiKeys.list.queryOptions());
  const [isCreating, setCreating] = useQueryState("create", parseAsBoolean.withDefault(false));
  const [revoking, setRevoking] = useState<ApiKey | null>(null);

  const columns: readonly Column<ApiKey>[] = [
    {
      id: "name",
      header: "Name",
      sortBy: (it) => it.name,
      cell: (it) => <span className="font-medium">{it.name}</span>,
      width: "w-44",
    },
    {
      id: "prefix",
      header: "Begins with",
      cell: (it) => <span className="font-mono text-xs">{it.prefix}…</span>,
      width: "w-40",
      from: "md",
    },
    {
      id: "scopes",
      header: "May",
      cell: (it) => (
        <span className="text-muted" title={it.scopes.map((at) => `${at.action} ${at.pattern}`).join("\n")}>
          {it.scopes.map((at) => `${at.action} ${at.pattern}`).join(" · ")}
        </span>
      ),
    },
    {
      id: "state",
      header: "State",
      cell: (it) => <Badge tone={standing(it).tone}>{standing(it).word}</Badge>,
      width: "w-24",
    },
    {
      id: "created",
      header: "Created",
      sortBy: (it) => it.createdAt,
      cell: (it) => <Ago at={it.createdAt} />,
      isNumber: true,
      width: "w-28",
      from: "lg",
    },
    {
      id: "expires",
      header: "Expires",
      cell: (it) =>
        it.expiresAt === null ? <span className="text-faint">never</span> : <DateTime at={it.expiresAt} />,
      isNumber: true,
      width: "w-48",
      from: "xl",
    },
    {
      id: "used",
      header: "Last used",
      sortBy: (it) => it.lastUsedAt ?? undefined,
      cell: (it) => (it.lastUsedAt === null ? <span className="text-faint">never</span> : <Ago at={it.lastUsedAt} />),
      isNumber: true,
      width: "w-28",
    },
    {
      id: "revoke",
      header: "Actions",
      cell: (it) => (
        <Button
          look="ghost"
          size="sm"
          blockedBecause={it.revokedAt === null ? undefined : "This key is revoked already"}
          title={`Revoke ${it.name}`}
          className="h-6 px-2"
          onClick={() => setRevoking(it)}
        >
          Revoke
        </Button>
      ),
      isNumber: true,
      width: "w-24",
    },
  ];
  const create = (
    <Button look="primary" size="sm" onClick={() => void setCreating(true)}>
      <Plus aria-hidden="true" /> Create API key
    </Button>
  );
  const environment = info.data?.environment;

  return (
    <Page crumbs={[{ label: "Settings" }]} actions={create}>
      {keys.error !== null ? (
        <Failure error={keys.error} what="page" onRetry={() => void keys.refetch()} />
      ) : (
        <>
          <Panel title="API keys" aside="a key is shown once, and stored hashed">
            <DataTable
              label="API keys"
              columns={columns}
              rows={keys.data?.keys}
              rowId={(it) => it.id}
              initialSort="-created"
              empty={
                <Empty icon={KeyRound} title="No API key yet" action={create}>
                  Components publish and consume with a key that may do what they need and nothing else.
                </Empty>
              }
            />
          </Panel>
          <div className="grid items-start gap-5 lg:grid-cols-2">
            <Panel title="Environment">
              <FactList
                facts={[
                  { label: "Name", value: environment?.name ?? "–" },
                  {
                    label: "Colour",
                    value:
                      environment === undefined ? (
                        "–"
                      ) : (
                        <span className="inline-flex items-center gap-2">
                          <span
                            aria-hidden="true"
                            className="size-3 rounded-sm"
                            style={{ background: ENVIRONMENT_COLOURS[environment.colour].token }}
                          />
                          {environment.colour}
                        </span>
                      ),
                  },
                ]}
              />
            </Panel>
            <Panel title="System">
              <FactList
                facts={[
                  { label: "Millrace", value: info.data?.version ?? "–" },
                  { label: "Started", value: <DateTime at={info.data?.startedAt} /> },
                  {
                    label: "API reference",
                    value: (
                      <a href="/docs" className="text-accent underline">
                        /docs
                      </a>
                    ),
                  },
                ]}
              />
            </Panel>
          </div>
        </>
      )}
      <CreateKey isOpen={isCreating} onOpenChange={(isOpen) => void setCreating(isOpen ? true : null)} />
      <RevokeKey apiKey={revoking} onClose={() => setRevoking(null)} />
    </Page>
  );
}
