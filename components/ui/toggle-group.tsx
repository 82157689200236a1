"use client";

import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup as Base } from "@base-ui/react/toggle-group";
import type { Choice } from "./select.tsx";

interface ToggleGroupProps<Value extends string> {
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
  readonly "aria-label": string;
}

/** A few choices side by side, one of them pressed. */
export function ToggleGroup<Value extends string>({ value, choices, onChange, ...rest }: ToggleGroupProps<Value>) {
  return (
    <Base
      {...rest}
      value={[value]}
      onValueChange={([next]) => next !== undefined && onChange(next as Value)}
      className="inline-flex h-8 items-center gap-0.5 rounded-md bg-sunken p-0.5 ring-1 ring-line ring-inset"
    >
      {choices.map((choice) => (
        <Toggle
          key={choice.value}
          value={choice.value}
          className="h-7 rounded-[5px] px-2.5 font-medium text-muted text-xs hover:text-ink data-pressed:bg-raised data-pressed:text-ink data-pressed:shadow-[0_0_0_1px_var(--line-strong)]"
        >
          {choice.label}
        </Toggle>
      ))}
    </Base>
  );
}
