"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import {
  ArchiveRestore,
  Clock,
  Database,
  Keyboard,
  Monitor,
  Moon,
  Plus,
  Radio,
  RotateCcw,
  Rows3,
  Search,
  Sun,
} from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { useApi } from "../data/api.ts";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { PLACES } from "./places.ts";
import { useShell } from "./shell-context.ts";

interface PaletteProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

const GROUP =
  "px-1.5 pb-1.5 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-faint";
const ITEM =
  "flex h-8 cursor-default select-none items-center gap-2.5 rounded-md px-2 data-[selected=true]:bg-hover [&_svg]:size-3.5 [&_svg]:text-muted";

export function CommandPalette({ isOpen, onOpenChange }: PaletteProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/35" />
        <Base.Popup className="fixed top-[14vh] left-1/2 z-50 w-[560px] max-w-[calc(100vw-2rem)] -translate-x-1/2 overflow-hidden rounded-lg bg-raised shadow-pop">
          <Base.Title className="sr-only">Search</Base.Title>
          <Choices onDone={() => onOpenChange(false)} />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

function Choices({ onDone }: { onDone: () => void }) {
  const router = useRouter();
  const api = useApi();
  const topics = useQuery(api.topics.list.queryOptions()).data?.topics ?? [];
  const consumers = useQuery(api.consumers.list.queryOptions()).data?.consumers ?? [];
  const { preferences, change } = usePreferences();
  const { openShortcuts } = useShell();

  const go = (href: string) => () => {
    onDone();
    router.push(href);
  };
  const run = (action: () => void) => () => {
    onDone();
    action();
  };

  return (
    <Command label="Search" loop>
      <div className="flex h-11 items-center gap-2.5 border-line border-b px-3.5">
        <Search aria-hidden="true" className="size-4 text-faint" />
        <Command.Input
          autoFocus
          placeholder="Topics, consumers, pages, actions"
          className="h-full flex-1 bg-transparent text-base outline-none"
        />
      </div>
      <Command.List className="max-h-[50vh] overflow-y-auto">
        <Command.Empty className="px-4 py-8 text-center text-muted">Nothing has that name.</Command.Empty>
        <Command.Group heading="Pages" className={GROUP}>
          {PLACES.map((place) => (
            <Item key={place.href} value={`page ${place.label}`} onSelect={go(place.href)} icon={<place.icon />}>
              {place.label}
            </Item>
          ))}
        </Command.Group>
        {topics.length === 0 ? null : (
          <Command.Group heading="Topics" className={GROUP}>
            {topics.map(({ topic }) => (
              <Item key={topic} value={`topic ${topic}`} onSelect={go(`/topics/${topic}/events`)} icon={<Database />}>
                <span className="font-mono text-xs">{topic}</span>
                <span className="ml-auto text-faint text-xs">Events</span>
              </Item>
            ))}
          </Command.Group>
        )}
        {consumers.length === 0 ? null : (
          <Command.Group heading="Consumers" className={GROUP}>
            {consumers.map(({ consumer }) => (
              <Item
                key={consumer}
                value={`consumer ${consumer}`}
                onSelect={go(`/consumers/${consumer}`)}
                icon={<Radio />}
              >
                <span className="font-mono text-xs">{consumer}</span>
              </Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading="Actions" className={GROUP}>
          <Item value="create topic" onSelect={go("/topics?create=true")} icon={<Plus />}>
            Create a topic
          </Item>
          <Item value="replay events again" onSelect={go("/operations?replay=true")} icon={<RotateCcw />}>
            Replay events
          </Item>
          <Item value="discarded letters restore" onSelect={go("/dead-letters/discarded")} icon={<ArchiveRestore />}>
            Restore discarded letters
          </Item>
          <Item value="create consumer declare" onSelect={go("/consumers?create=true")} icon={<Plus />}>
            Create a consumer
          </Item>
          <Item
            value="time clock utc local"
            onSelect={run(() => change({ clock: preferences.clock === "utc" ? "local" : "utc" }))}
            icon={<Clock />}
          >
            Show times in {preferences.clock === "utc" ? "local time" : "UTC"}
          </Item>
          <Item value="theme system" onSelect={run(() => change({ theme: "system" }))} icon={<Monitor />}>
            Theme: system
          </Item>
          <Item value="theme light" onSelect={run(() => change({ theme: "light" }))} icon={<Sun />}>
            Theme: light
          </Item>
          <Item value="theme dark" onSelect={run(() => change({ theme: "dark" }))} icon={<Moon />}>
            Theme: dark
          </Item>
          <Item
            value="density rows"
            onSelect={run(() => change({ density: preferences.density === "compact" ? "comfortable" : "compact" }))}
            icon={<Rows3 />}
          >
            {preferences.density === "compact" ? "Comfortable" : "Compact"} rows
          </Item>
          <Item value="keyboard shortcuts help" onSelect={run(openShortcuts)} icon={<Keyboard />}>
            Keyboard shortcuts
          </Item>
        </Command.Group>
      </Command.List>
    </Command>
  );
}

interface ItemProps {
  readonly value: string;
  readonly onSelect: () => void;
  readonly icon: ReactNode;
  readonly children: ReactNode;
}

function Item({ value, onSelect, icon, children }: ItemProps) {
  return (
    <Command.Item value={value} onSelect={onSelect} className={ITEM}>
      {icon}
      {children}
    </Command.Item>
  );
}
