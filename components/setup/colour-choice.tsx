"use client";

import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import { Check } from "lucide-react";
import type { Environment } from "@/server/contract/environment.ts";
import { ENVIRONMENT_COLOURS } from "../shell/environment-mark.tsx";

type Colour = Environment["colour"];

const COLOURS: readonly { readonly value: Colour; readonly label: string }[] = [
  { value: "gray", label: "Grey" },
  { value: "blue", label: "Blue" },
  { value: "green", label: "Green" },
  { value: "amber", label: "Amber" },
  { value: "red", label: "Red" },
];

/** The environment's colour. */
export function ColourChoice({ value, onChange }: { value: Colour; onChange: (colour: Colour) => void }) {
  return (
    <div className="flex flex-col gap-1.5">
      <span className="font-medium text-sm" id="environment-colour">
        Colour
      </span>
      <RadioGroup<Colour>
        aria-labelledby="environment-colour"
        className="flex gap-2"
        onValueChange={(next) => onChange(next)}
        value={value}
      >
        {COLOURS.map((it) => (
          <Radio.Root
            aria-label={it.label}
            className="flex size-7 items-center justify-center rounded-full ring-offset-2 ring-offset-surface data-checked:ring-2 data-checked:ring-ink"
            key={it.value}
            style={{ background: ENVIRONMENT_COLOURS[it.value].hex }}
            title={it.label}
            value={it.value}
          >
            <Radio.Indicator>
              <Check aria-hidden="true" className="size-4 text-white" strokeWidth={3} />
            </Radio.Indicator>
          </Radio.Root>
        ))}
      </RadioGroup>
    </div>
  );
}
