"use client";

import { useMutation } from "@tanstack/react-query";
import { alertCondition } from "@/server/contract/alerts.ts";
import { useApi } from "../data/api.ts";
import { plural } from "../display/format-count.ts";
import { DateTime } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";

const SHOWN = 5;

const OFTEN = ["never", "once", "twice"];
const timesOf = (count: number): string => OFTEN[count] ?? `${count} times`;

/** What a rule would have told within the last day. */
export function RulePreview({ condition }: { condition: Readonly<Record<string, unknown>> }) {
  const api = useApi();
  const preview = useMutation(api.alerts.preview.mutationOptions());
  const { measure, above, forSeconds, pattern } = condition;
  const parsed = alertCondition.safeParse({ measure, above, forSeconds, pattern });
  const { data } = preview;
  return (
    <section aria-label="Preview" className="flex flex-col items-start gap-2">
      <Button
        size="sm"
        isBusy={preview.isPending}
        blockedBecause={parsed.success ? undefined : "The rule is not whole yet."}
        onClick={() => parsed.success && preview.mutate(parsed.data)}
      >
        Try it on the last 24 hours
      </Button>
      {data === undefined ? null : (
        <div role="status" className="text-sm">
          <p>
            It would have told <b className="font-medium">{timesOf(data.count)}</b>, of{" "}
            {plural(data.subjects, "consumer or topic", "consumers or topics")}
            {data.isWhole ? "" : " that could be looked at in time; there are more"}.
          </p>
          <ul className="text-muted text-xs">
            {data.alerts.slice(0, SHOWN).map((it) => (
              <li key={`${it.subject} ${it.openedAt}`}>
                <span className="font-mono">{it.subject}</span> <DateTime at={it.openedAt} />
                {it.overAt === null ? ", and still" : ""}
              </li>
            ))}
          </ul>
          {data.count > SHOWN ? <p className="text-faint text-xs">and {data.count - SHOWN} before</p> : null}
        </div>
      )}
      {preview.error === null ? null : <Callout tone="bad">{preview.error.message}</Callout>}
    </section>
  );
}
