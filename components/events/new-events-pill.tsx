import { ArrowUp } from "lucide-react";
import { formatCount } from "../display/format-count.ts";

interface NewEventsPillProps {
  readonly count: number;
  readonly isLive: boolean;
  readonly dropped: number;
  readonly onShow: () => void;
}

/** Tells of events that arrived while a person was reading; the list does not move under their eyes. */
export function NewEventsPill({ count, isLive, dropped, onShow }: NewEventsPillProps) {
  if (count === 0) return null;
  return (
    <button
      type="button"
      onClick={onShow}
      title={
        dropped > 0
          ? `${formatCount(dropped)} events came faster than they can be shown; they are in the topic.`
          : undefined
      }
      className="absolute top-10 left-1/2 z-10 inline-flex h-7 -translate-x-1/2 items-center gap-1.5 rounded-full bg-accent-solid px-3 font-medium text-on-accent text-xs shadow-pop hover:bg-accent-solid-hover"
    >
      <ArrowUp aria-hidden="true" className="size-3" />
      {formatCount(count)} {isLive ? "new" : "newer"}
    </button>
  );
}
