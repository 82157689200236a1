"use client";

import { Switch as Base } from "@base-ui/react/switch";

interface SwitchProps {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly disabled?: boolean;
  /** Needed outside a Field, which has a label of its own. */
  readonly "aria-label"?: string;
}

export function Switch({ isOn, onChange, disabled = false, ...rest }: SwitchProps) {
  return (
    <Base.Root
      {...rest}
      checked={isOn}
      className="inline-flex h-[18px] w-8 shrink-0 rounded-full bg-field p-0.5 transition-colors data-checked:bg-accent-solid data-disabled:opacity-55"
      disabled={disabled}
      onCheckedChange={onChange}
    >
      <Base.Thumb className="size-3.5 rounded-full bg-white transition-transform data-checked:translate-x-3.5" />
    </Base.Root>
  );
}
