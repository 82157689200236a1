"use client";

import { Crosshair, Filter, KeyRound, Pause, Play, X } from "lucide-react";
import { type FormEvent, useId } from "react";
import { formatCount } from "../display/format-count.ts";
import { clockName } from "../display/format-time.ts";
import { fieldOf, isoOf } from "../display/time-input.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Input } from "../ui/input.tsx";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "../ui/menu.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import type { Start } from "./browse-place.ts";
import type { Marker } from "./list-items.ts";

interface Change {
  start?: Start | null;
  offset?: number | null;
  time?: string | null;
  types?: string | null;
  key?: string | null;
  live?: boolean | null;
  event?: number | null;
}

interface BrowseToolbarProps {
  readonly params: { start: Start; offset: number | null; time: string | null; types: string; key: string };
  readonly isLive: boolean;
  readonly markers: readonly Marker[];
  readonly seenTypes: readonly string[];
  readonly head: number | undefined;
  readonly onChange: (change: Change) => void;
}

/** Where to start, what to see, and whether to follow. */
export function BrowseToolbar({ params, isLive, markers, seenTypes, head, onChange }: BrowseToolbarProps) {
  const { start, offset, time, types, key } = params;
  const { preferences } = usePreferences();

  function choose(next: Start) {
    onChange({
      start: next === "newest" ? null : next,
      offset: next === "offset" ? (offset ?? Math.max(1, head ?? 1)) : null,
      time: next === "time" ? (time ?? new Date(Date.now() - 3_600_000).toISOString()) : null,
      live: null,
      event: null,
    });
  }

  return (
    <div className="flex min-h-12 shrink-0 flex-wrap items-center gap-2 border-line border-b px-5 py-2">
      <ToggleGroup
        aria-label="Start from"
        value={start}
        choices={[
          { value: "newest", label: "Newest" },
          { value: "oldest", label: "Oldest" },
          { value: "offset", label: "Offset" },
          { value: "time", label: "Time" },
        ]}
        onChange={choose}
      />
      {start === "offset" ? (
        <Commit
          key={`offset-${offset}`}
          label="Offset"
          inputMode="numeric"
          initial={offset === null ? "" : String(offset)}
          className="w-28"
          onCommit={(text) => {
            const number = Number(text.replaceAll(/[,\s]/g, ""));
            if (Number.isSafeInteger(number) && number >= 1) onChange({ offset: number, event: null });
          }}
        />
      ) : null}
      {start === "time" ? (
        <Commit
          key={`time-${time}-${preferences.clock}`}
          label={`Time (${clockName(preferences.clock)})`}
          type="datetime-local"
          initial={time === null ? "" : fieldOf(time, preferences.clock)}
          className="w-52"
          onCommit={(text) => {
            const iso = isoOf(text, preferences.clock);
            if (iso !== null) onChange({ time: iso, event: null });
          }}
        />
      ) : null}
      {markers.length === 0 ? null : (
        <Menu>
          <MenuTrigger
            render={
              <Button aria-label="Go to a consumer's position" title="Go to a consumer's position" className="px-2" />
            }
          >
            <Crosshair aria-hidden="true" />
          </MenuTrigger>
          <MenuContent className="w-64">
            {markers.map((it) => (
              <MenuItem
                key={it.consumer}
                onClick={() =>
                  onChange({ start: "offset", offset: Math.max(1, it.position), time: null, live: null, event: null })
                }
              >
                <span className="min-w-0 flex-1 truncate">{it.consumer}</span>
                <span className="text-muted text-xs">{formatCount(it.position)}</span>
              </MenuItem>
            ))}
          </MenuContent>
        </Menu>
      )}
      <span aria-hidden="true" className="mx-1 h-5 w-px bg-line" />
      <Commit
        key={`types-${types}`}
        label="Types"
        icon={<Filter aria-hidden="true" />}
        initial={types}
        suggestions={seenTypes}
        className="min-w-28 max-w-56 flex-1"
        onCommit={(text) => onChange({ types: text.trim() === "" ? null : text.trim(), event: null })}
      />
      <Commit
        key={`key-${key}`}
        label="Key"
        icon={<KeyRound aria-hidden="true" />}
        initial={key}
        className="min-w-28 max-w-44 flex-1"
        onCommit={(text) => onChange({ key: text === "" ? null : text, event: null })}
      />
      <div className="ml-auto flex items-center gap-3">
        <span className="live-value text-muted text-xs">
          head <b className="font-medium text-ink">{formatCount(head)}</b>
        </span>
        <Button
          aria-pressed={isLive}
          onClick={() =>
            onChange(isLive ? { live: null } : { live: true, start: null, offset: null, time: null, event: null })
          }
          className={cn(isLive && "border-transparent bg-accent-soft text-accent hover:bg-accent-soft")}
        >
          {isLive ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
          Live
        </Button>
      </div>
    </div>
  );
}

interface CommitProps {
  readonly label: string;
  readonly initial: string;
  readonly onCommit: (text: string) => void;
  readonly className?: string;
  readonly icon?: React.ReactNode;
  readonly type?: string;
  readonly inputMode?: "numeric";
  readonly suggestions?: readonly string[];
}

/** A field whose text counts once Enter is pressed or the field is left: not every keystroke is a search. */
function Commit({ label, initial, onCommit, className, icon, type = "text", inputMode, suggestions }: CommitProps) {
  const id = useId();
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("text") ?? "");
    if (text !== initial) onCommit(text);
  }
  return (
    <form
      onSubmit={submit}
      onBlur={(event) => event.currentTarget.requestSubmit()}
      className={cn(
        "relative [&>svg]:absolute [&>svg]:top-[9px] [&>svg]:left-2.5 [&>svg]:size-3.5 [&>svg]:text-faint",
        className,
      )}
    >
      {icon}
      <Input
        name="text"
        aria-label={label}
        placeholder={label}
        defaultValue={initial}
        type={type}
        inputMode={inputMode}
        step={type === "datetime-local" ? 1 : undefined}
        list={suggestions === undefined ? undefined : id}
        className={cn(icon !== undefined && "pl-8", initial !== "" && icon !== undefined && "border-accent pr-7")}
      />
      {suggestions === undefined ? null : (
        <datalist id={id}>
          {suggestions.map((it) => (
            <option key={it} value={it} />
          ))}
        </datalist>
      )}
      {icon !== undefined && initial !== "" ? (
        <button
          type="button"
          aria-label={`Clear ${label.toLowerCase()}`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onCommit("")}
          className="absolute top-1 right-1 flex size-6 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-ink"
        >
          <X aria-hidden="true" className="size-3.5" />
        </button>
      ) : null}
    </form>
  );
}
