"use client";

import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import { CONTROL_CLASSES } from "./input.tsx";
import { MENU_ITEM, MENU_POPUP } from "./menu-classes.ts";

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
  readonly description?: string;
}

export interface SelectProps<Value extends string> {
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
  readonly className?: string;
  readonly disabled?: boolean;
  /** Needed outside a Field, which has a label of its own. */
  readonly "aria-label"?: string;
}

export function Select<Value extends string>({ value, choices, onChange, className, ...props }: SelectProps<Value>) {
  return (
    <Base.Root<Value>
      disabled={props.disabled ?? false}
      items={choices.map((it) => ({ value: it.value, label: it.label }))}
      modal={false}
      onValueChange={(next) => {
        if (next !== null) onChange(next);
      }}
      value={value}
    >
      <Base.Trigger
        aria-label={props["aria-label"]}
        className={cn(CONTROL_CLASSES, "flex h-8 items-center justify-between gap-2", className)}
      >
        <Base.Value className="truncate" />
        <Base.Icon>
          <ChevronDown aria-hidden="true" className="size-3.5 text-muted" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner alignItemWithTrigger={false} className="z-50 outline-none" sideOffset={4}>
          <Base.Popup className={cn(MENU_POPUP, "max-h-80 min-w-(--anchor-width) overflow-y-auto")}>
            {choices.map((it) => (
              <Base.Item className={MENU_ITEM} key={it.value} value={it.value}>
                <span className="flex min-w-0 flex-1 flex-col">
                  <Base.ItemText>{it.label}</Base.ItemText>
                  {it.description === undefined ? null : <span className="text-muted text-xs">{it.description}</span>}
                </span>
                <Base.ItemIndicator>
                  <Check aria-hidden="true" className="size-3.5" />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
