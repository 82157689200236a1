import type { ParkedFacets } from "@/server/contract/parked.ts";
import { formatCount } from "../display/format-count.ts";
import { cn } from "../ui/class-names.ts";
import { Panel } from "../ui/panel.tsx";

interface FacetListProps {
  readonly title: string;
  /** Most events first; undefined while loading. */
  readonly values: ParkedFacets["keys"] | undefined;
  readonly chosen: string;
  readonly isMono?: boolean;
  /** An empty text takes the choice back. */
  readonly onChoose: (value: string) => void;
}

/** Values that letters have in common: a press narrows the list down to one value, a second one takes that back. */
export function FacetList({ title, values, chosen, isMono = false, onChoose }: FacetListProps) {
  return (
    <Panel title={title}>
      {values === undefined || values.length === 0 ? (
        <p className="px-3 py-2 text-faint">–</p>
      ) : (
        <ul aria-label={title} className="max-h-56 overflow-y-auto p-1">
          {values.map(({ value, count }) => (
            <li key={value}>
              <button
                type="button"
                aria-pressed={value === chosen}
                onClick={() => onChoose(value === chosen ? "" : value)}
                className={cn(
                  "flex h-7 w-full items-center gap-2 rounded-sm px-2 text-left hover:bg-hover",
                  value === chosen && "bg-selected font-medium",
                )}
              >
                <span className={cn("min-w-0 flex-1 truncate", isMono && "font-mono text-xs")} title={value}>
                  {value}
                </span>
                <span className="text-muted text-xs tabular-nums">{formatCount(count)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
