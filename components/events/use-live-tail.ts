"use client";

import { useEffect, useReducer, useRef } from "react";
import type { EventRow } from "@/server/contract/events.ts";
import { useLive } from "../live/live-provider.tsx";
import type { BrowsePlace } from "./browse-place.ts";

/** Rows held at most; older ones go, and are a scroll away in the pages. */
const RING = 2_000;

interface TailState {
  /** Newest first. */
  readonly shown: readonly EventRow[];
  readonly waiting: readonly EventRow[];
  /** Events passed over because more came than a page can show. */
  readonly dropped: number;
  readonly arrived: number;
}

type TailStep =
  | { readonly step: "reset" }
  | {
      readonly step: "arrive";
      readonly events: readonly EventRow[];
      readonly dropped: number;
      readonly isPaused: boolean;
    }
  | { readonly step: "show" };

const NOTHING: TailState = { shown: [], waiting: [], dropped: 0, arrived: 0 };

function merged(newer: readonly EventRow[], older: readonly EventRow[]): EventRow[] {
  return [...newer, ...older].slice(0, RING);
}

function reduce(state: TailState, action: TailStep): TailState {
  if (action.step === "reset") return NOTHING;
  if (action.step === "show") {
    return { ...state, shown: merged(state.waiting, state.shown), waiting: [], arrived: 0 };
  }
  const newest = (state.waiting[0] ?? state.shown[0])?.offset ?? 0;
  const fresh = action.events.filter((it) => it.offset > newest).toReversed();
  const dropped = state.dropped + action.dropped;
  if (action.isPaused) {
    return {
      ...state,
      waiting: merged(fresh, state.waiting),
      dropped,
      arrived: state.arrived + fresh.length + action.dropped,
    };
  }
  return { shown: merged(merged(fresh, state.waiting), state.shown), waiting: [], dropped, arrived: 0 };
}

interface TailOptions {
  readonly place: BrowsePlace;
  /** Follow after this offset; null = do not follow. */
  readonly after: number | null;
  readonly isPaused: boolean;
}

/** New events of the topic, four batches a second at most; they wait while the person reads. */
export function useLiveTail({ place, after, isPaused }: TailOptions) {
  const { connection } = useLive();
  const [state, dispatch] = useReducer(reduce, NOTHING);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  const { topic, filter } = place;
  const wish = JSON.stringify({ topic, filter, after });

  // The outside system: the tab's live stream, asked for this topic's events as well.
  useEffect(() => {
    dispatch({ step: "reset" });
    const asked = JSON.parse(wish) as {
      topic: string;
      filter: { types?: string[]; key?: string };
      after: number | null;
    };
    if (asked.after === null) return;
    return connection.follow({ topic: asked.topic, after: asked.after, ...asked.filter }, (events, dropped) =>
      dispatch({ step: "arrive", events, dropped, isPaused: paused.current }),
    );
  }, [connection, wish]);

  return { ...state, show: () => dispatch({ step: "show" }) };
}
