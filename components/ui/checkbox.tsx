"use client";

import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Check } from "lucide-react";
import type { ReactNode } from "react";

interface CheckboxProps {
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly children: ReactNode;
}

export function Checkbox({ isChecked, onChange, children }: CheckboxProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is Base UI's checkbox
    <label className="flex h-7 cursor-pointer items-center gap-2 text-sm">
      <Base.Root
        checked={isChecked}
        onCheckedChange={onChange}
        className="flex size-4 shrink-0 items-center justify-center rounded-sm border border-field bg-surface data-checked:border-accent-solid data-checked:bg-accent-solid"
      >
        <Base.Indicator>
          <Check aria-hidden="true" className="size-3 text-on-accent" strokeWidth={3} />
        </Base.Indicator>
      </Base.Root>
      {children}
    </label>
  );
}
