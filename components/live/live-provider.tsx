"use client";

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from "react";
import type { LiveMessage } from "@/server/contract/live.ts";
import { type ApiOutputs, useApi, useApiClient } from "../data/api.ts";
import { leaveWhenSignedOut } from "../data/leave-when-signed-out.ts";
import { OPERATIONS_LISTED } from "../operations/use-operations.ts";
import { withNewest } from "../operations/with-newest.ts";
import { HeadHistory } from "./head-history.ts";
import { LiveConnection, type LiveStatus, type OpenLive } from "./live-connection.ts";
import { withChanges } from "./with-changes.ts";

interface Live {
  readonly connection: LiveConnection;
  readonly history: HeadHistory;
}

const Context = createContext<Live | null>(null);

/** The value as JSON makes it: an absent field is absent, never undefined. */
type ConsumersOnWire = ApiOutputs["consumers"]["list"]["consumers"];
type ConsumerOnWire = ApiOutputs["consumers"]["get"];

interface Sinks {
  readonly queries: QueryClient;
  readonly api: ReturnType<typeof useApi>;
  readonly history: HeadHistory;
}

/** Puts what the stream says where the queries keep it, so that every page is live without knowing. */
function write({ queries, api, history }: Sinks, message: LiveMessage): void {
  if (message.kind === "topics") {
    queries.setQueryData(api.topics.list.queryKey(), (known) => {
      const changes = { ...message, rows: message.topics };
      const topics = withChanges(known?.topics, changes, (it) => it.topic);
      return topics === null ? known : { topics };
    });
    for (const it of message.topics) queries.setQueryData(api.topics.get.queryKey({ topic: it.topic }), it);
    const known = queries.getQueryData(api.topics.list.queryKey());
    if (known !== undefined) history.record(known.topics, Date.parse(message.at));
  } else if (message.kind === "consumers") {
    const rows = message.consumers as unknown as ConsumersOnWire;
    queries.setQueryData(api.consumers.list.queryKey(), (known) => {
      const consumers = withChanges(known?.consumers, { ...message, rows }, (it) => it.consumer);
      return consumers === null ? known : { consumers };
    });
  } else if (message.kind === "consumer") {
    const consumer = message.consumer as unknown as ConsumerOnWire | null;
    if (consumer !== null) queries.setQueryData(api.consumers.get.queryKey({ consumer: consumer.consumer }), consumer);
  } else if (message.kind === "operations") {
    for (const it of message.operations) queries.setQueryData(api.operations.get.queryKey({ id: it.id }), it);
    queries.setQueryData(api.operations.list.queryKey(OPERATIONS_LISTED), (known) =>
      known === undefined ? known : { operations: withNewest(known.operations, message.operations) },
    );
  }
  // Nothing came about topics, so their heads stand where they stood: that is a rate as well.
  const known = message.kind === "tick" ? queries.getQueryData(api.topics.list.queryKey()) : undefined;
  if (known !== undefined) history.record(known.topics, Date.parse(message.at));
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const api = useApi();
  const client = useApiClient();
  const [live] = useState<Live>(() => {
    const history = new HeadHistory();
    const open: OpenLive = (request, on) =>
      client.live.subscribe(request, {
        onData: (item) => on.message(item.data),
        onStarted: on.connected,
        onConnectionStateChange: (change) => change.state === "connecting" && on.lost(),
        onError: (error) => {
          leaveWhenSignedOut(error);
          on.ended();
        },
        onStopped: on.ended,
        onComplete: on.ended,
      });
    return { history, connection: new LiveConnection(open, (message) => write({ queries, api, history }, message)) };
  });

  // The outside system: the tab's one live stream.
  useEffect(() => live.connection.start(), [live]);

  return <Context value={live}>{children}</Context>;
}

export function useLive(): Live {
  const live = use(Context);
  if (live === null) throw new Error("useLive stands outside of LiveProvider");
  return live;
}

/** The page of one consumer wants its partitions as they move; nobody else does. */
export function useLiveConsumer(consumer: string): void {
  const { connection } = useLive();
  // The outside system: the tab's one live stream, which is told what this page wants to hear.
  useEffect(() => connection.watchConsumer(consumer), [connection, consumer]);
}

const BEFORE: LiveStatus = { state: "connecting", lastMessageMs: 0 };

export function useLiveStatus(): LiveStatus {
  const { connection } = useLive();
  return useSyncExternalStore(connection.subscribe, connection.status, () => BEFORE);
}
