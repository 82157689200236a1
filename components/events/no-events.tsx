import { Inbox, SearchX } from "lucide-react";
import { CodeBlock } from "../display/code-block.tsx";
import { curl } from "../display/curl.ts";
import { plural } from "../display/format-count.ts";
import { Empty } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import type { BrowsePlace } from "./browse-place.ts";

interface NoEventsProps {
  readonly topic: string;
  readonly place: BrowsePlace;
  readonly head: number;
  readonly isLive: boolean;
  readonly onChange: (change: { types?: null; key?: null; start?: null; offset?: null; time?: null }) => void;
}

export function NoEvents({ topic, place, head, isLive, onChange }: NoEventsProps) {
  if (head === 0) {
    return (
      <Empty icon={Inbox} title="No event yet">
        <p>{isLive ? "The first one appears here as it is published." : "Publish the first one:"}</p>
        <CodeBlock
          label="Publish"
          className="mt-3 text-left"
          code={curl({
            method: "POST",
            path: `/v1/topics/${topic}/events`,
            json: '{"type":"greeting","key":"a","data":{"hello":"world"}}',
          })}
        />
      </Empty>
    );
  }
  if (place.filter.types !== undefined || place.filter.key !== undefined) {
    return (
      <Empty
        icon={SearchX}
        title="No event passes the filters"
        action={<Button onClick={() => onChange({ types: null, key: null })}>Clear the filters</Button>}
      >
        {plural(head, "event")} in the topic; none from this place on has that type and key.
      </Empty>
    );
  }
  return (
    <Empty
      icon={SearchX}
      title="Nothing there yet"
      action={<Button onClick={() => onChange({ start: null, offset: null, time: null })}>Go to the newest</Button>}
    >
      {place.start === "time"
        ? "No event was recorded at or after that time."
        : `The topic ends at ${head.toLocaleString("en-US")}.`}
    </Empty>
  );
}
