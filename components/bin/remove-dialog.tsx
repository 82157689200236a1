"use client";

import { useQuery } from "@tanstack/react-query";
import type { Holdings, Removal } from "@/server/contract/bin.ts";
import type { ApiError } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { FactList } from "../display/facts.tsx";
import { formatBytes, formatCount, plural } from "../display/format-count.ts";
import { Callout } from "../display/notice.tsx";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { holdingsText } from "./holdings-text.ts";

interface RemoveDialogProps {
  readonly kind: "topic" | "consumer";
  readonly name: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  /** Asks what hangs on it. */
  readonly preview: () => Promise<Removal>;
  readonly isBusy: boolean;
  readonly error: ApiError | null;
  readonly onRemove: (of: { readonly token: string; readonly reason: string }) => void;
}

/** What hangs on a topic or a consumer, and its removal: with its name typed, and a reason. */
export function RemoveDialog(props: RemoveDialogProps) {
  const { kind, name, isOpen, onOpenChange, isBusy, error, onRemove } = props;
  const isOutdated = error?.data?.problem === "removal-outdated";
  // Asked anew each time it is opened, and when what was previewed is not what hangs on it any more.
  const asked = useQuery({
    queryKey: ["removal", kind, name, isOutdated],
    queryFn: props.preview,
    enabled: isOpen,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const preview = asked.data;
  const path = `/v1/${kind}s/${name}`;
  return (
    <ReasonDialog
      title={
        <>
          Remove <span className="font-mono text-sm">{name}</span>
        </>
      }
      description={
        preview === undefined
          ? `The ${kind} goes to the bin, with all that hangs on it.`
          : `The ${kind} goes to the bin, and can be restored for ${plural(preview.binDays, "day")}. Then it is deleted for ever.`
      }
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      action={actionText(kind, preview?.holds)}
      isDangerous
      isReasonLast
      confirmName={name}
      isBusy={isBusy}
      problem={isOutdated ? undefined : (error?.message ?? asked.error?.message)}
      blockedBecause={preview === undefined ? "What hangs on it is being counted." : null}
      api={(reason) =>
        curl({
          method: "DELETE",
          path: `${path}?${new URLSearchParams({ token: preview?.token ?? "…", reason: reason === "" ? "…" : reason })}`,
        })
      }
      onConfirm={(reason) => {
        if (preview !== undefined) onRemove({ token: preview.token, reason });
      }}
    >
      {isOutdated ? (
        <Callout tone="warn">
          Something else hangs on it since the preview, so nothing was removed. This is it now.
        </Callout>
      ) : null}
      {preview === undefined ? (
        asked.error === null ? (
          <Skeleton className="h-32 w-full" />
        ) : null
      ) : (
        <FactList facts={kind === "topic" ? topicFacts(preview.holds) : consumerFacts(preview.holds)} />
      )}
    </ReasonDialog>
  );
}

function actionText(kind: string, holds: Holdings | undefined): string {
  const parts = holds === undefined ? [] : holdingsText(holds);
  return parts.length === 0 ? `Remove the ${kind}` : `Remove the ${kind} with ${parts.join(", ")}`;
}

function topicFacts(holds: Holdings) {
  return [
    { label: "Events", value: `${formatCount(holds.events)}, ${formatBytes(holds.bytes)}` },
    { label: "Consumers", value: namesText(holds.consumers, holds.unnamed, "they keep their place in it") },
    { label: "Parked events", value: formatCount(holds.parked) },
    { label: "Members of consumers", value: countText(holds.members, "connected; they get nothing more of it") },
    { label: "Followers", value: countText(holds.followers, "at this server; their streams end") },
  ];
}

function consumerFacts(holds: Holdings) {
  return [
    { label: "Topics", value: namesText(holds.topics, holds.unnamed, "they stay") },
    { label: "Members", value: countText(holds.members, "connected; their streams end") },
    { label: "Parked events", value: formatCount(holds.parked) },
    { label: "State entries", value: formatCount(holds.stateEntries) },
  ];
}

/** How many there are, and what becomes of them. */
function countText(count: number, which: string): string {
  return count === 0 ? "none" : `${formatCount(count)} ${which}`;
}

/** Some names, how many more there are, and what becomes of them. */
function namesText(names: readonly string[], unnamed: number, fate: string): string {
  if (names.length + unnamed === 0) return "none";
  const shown = names.slice(0, 5);
  const more = names.length - shown.length + unnamed;
  const said = [...shown, ...(more > 0 ? [`${formatCount(more)} more`] : [])];
  return `${said.join(", ")}; ${fate}`;
}
