"use client";

import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Dialog, DialogBody, DialogContent } from "../ui/dialog.tsx";
import { Kbd } from "../ui/kbd.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { ModKey } from "./mod-key.tsx";
import { PLACES } from "./places.ts";

const GENERAL = [
  { keys: ["mod", "K"], does: "Search topics, consumers, pages and actions" },
  { keys: ["?"], does: "This list" },
  { keys: ["u"], does: "Switch between UTC and local time" },
];
const EVENTS = [
  { keys: ["↑", "↓"], does: "Move through the events" },
  { keys: ["Enter"], does: "Open the event" },
  { keys: ["["], does: "The event above, while one is open" },
  { keys: ["]"], does: "The event below, while one is open" },
  { keys: ["l"], does: "Live on or off" },
];

function Group({ title, rows }: { title: string; rows: readonly { keys: readonly string[]; does: string }[] }) {
  return (
    <section>
      <h3 className="pb-1 text-muted text-xs">{title}</h3>
      <ul className="divide-y divide-line">
        {rows.map((row) => (
          <li key={row.does} className="flex h-8 items-center justify-between gap-4">
            {row.does}
            <span className="flex gap-1">
              {row.keys.map((key) => (
                <Kbd key={key}>{key === "mod" ? <ModKey /> : key}</Kbd>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function ShortcutList({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const { preferences, change } = usePreferences();
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent title="Keyboard shortcuts">
        <DialogBody>
          <div className="flex items-center justify-between">
            <span className="text-muted text-sm">Single-key shortcuts</span>
            <ToggleGroup
              aria-label="Single-key shortcuts"
              value={preferences.shortcuts}
              choices={[
                { value: "on", label: "On" },
                { value: "off", label: "Off" },
              ]}
              onChange={(shortcuts) => change({ shortcuts })}
            />
          </div>
          <Group title="Everywhere" rows={GENERAL} />
          <Group title="Go to" rows={PLACES.map((it) => ({ keys: ["g", it.key], does: it.label }))} />
          <Group title="Events" rows={EVENTS} />
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}
