"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BellOff, Plus } from "lucide-react";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { toast } from "sonner";
import { useApi } from "../data/api.ts";
import { DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { Empty } from "../display/notice.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { alertColumns } from "./alert-columns.tsx";
import { NEW_RULE, RuleDialog } from "./rule-dialog.tsx";
import { RulesPanel } from "./rules-panel.tsx";
import { useAlerts } from "./use-alerts.ts";

const SHOWN = ["open", "over", "all"] as const;

/** Alerts, and the rules that make them. */
export function AlertsPage() {
  const api = useApi();
  const queries = useQueryClient();
  const [{ show, rule }, change] = useQueryStates({
    show: parseAsStringLiteral(SHOWN).withDefault("open"),
    /** The rule that is being written. */
    rule: parseAsString,
  });
  const alerts = useAlerts(show === "all" ? undefined : show);
  const acknowledge = useMutation(
    api.alerts.acknowledge.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: api.alerts.list.queryKey() }),
      onError: (error) => void toast.error(error.message),
    }),
  );
  return (
    <Page
      crumbs={[{ label: "Alerts" }]}
      actions={
        <Button look="primary" size="sm" onClick={() => void change({ rule: NEW_RULE })}>
          <Plus aria-hidden="true" /> New rule
        </Button>
      }
    >
      {alerts.error !== null ? (
        <Failure error={alerts.error} what="list" onRetry={() => void alerts.refetch()} />
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <ToggleGroup
              aria-label="Which alerts"
              value={show}
              choices={[
                { value: "open", label: "Open" },
                { value: "over", label: "Over" },
                { value: "all", label: "All" },
              ]}
              onChange={(next) => void change({ show: next === "open" ? null : next })}
            />
          </div>
          <Panel>
            <DataTable
              label="Alerts"
              columns={alertColumns(({ id }) => acknowledge.mutate({ id }))}
              rows={alerts.data?.alerts}
              rowId={(it) => it.id}
              empty={
                <Empty icon={BellOff} title={show === "open" ? "Nothing is wrong" : "No alert yet"}>
                  Rules look at what is sampled every ten seconds. What they find is shown here, and told in the topic
                  millrace.alerts.
                </Empty>
              }
            />
          </Panel>
          <RulesPanel onOpen={(name) => void change({ rule: name })} />
        </>
      )}
      <RuleDialog name={rule} onClose={() => void change({ rule: null })} />
    </Page>
  );
}
