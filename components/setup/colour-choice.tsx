"use client";

import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import { type Environment, environment } from "@/server/contract/environment.ts";
import { ENVIRONMENT_COLOURS } from "../shell/environment-mark.tsx";

const WORDS: Record<Environment["colour"], string> = {
  gray: "Gray",
  blue: "Blue",
  green: "Green",
  amber: "Amber",
  red: "Red",
};

interface ColourChoiceProps {
  readonly value: Environment["colour"];
  readonly onChange: (colour: Environment["colour"]) => void;
}

export function ColourChoice({ value, onChange }: ColourChoiceProps) {
  return (
    <div className="flex flex-col gap-1.5">
      <span className="font-medium text-sm" id="environment-colour">
        Colour
      </span>
      <RadioGroup
        aria-labelledby="environment-colour"
        value={value}
        onValueChange={(next) => onChange(next as Environment["colour"])}
        className="flex gap-2"
      >
        {environment.shape.colour.options.map((colour) => (
          // biome-ignore lint/a11y/noLabelWithoutControl: the control is Base UI's radio
          <label
            key={colour}
            className="flex h-8 flex-1 cursor-pointer items-center justify-center gap-1.5 rounded-md border border-line-strong text-muted text-xs has-data-checked:border-accent has-data-checked:text-ink has-data-checked:ring-1 has-data-checked:ring-accent"
          >
            <Radio.Root
              value={colour}
              className="size-3 rounded-full"
              style={{ background: ENVIRONMENT_COLOURS[colour].token }}
            />
            {WORDS[colour]}
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
