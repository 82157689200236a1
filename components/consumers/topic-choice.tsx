"use client";

import { Checkbox } from "../ui/checkbox.tsx";

interface TopicChoiceProps {
  readonly topics: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: string[]) => void;
  readonly error?: string | undefined;
  readonly label?: string;
}

export function TopicChoice({ topics, chosen, onChange, error, label = "Topics" }: TopicChoiceProps) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 font-medium text-xs">{label}</legend>
      {topics.length === 0 ? (
        <p className="text-muted">There is no topic yet. Create one first.</p>
      ) : (
        <div className="grid max-h-32 grid-cols-2 gap-x-4 overflow-y-auto rounded-md border border-line-strong px-2.5 py-1">
          {topics.map((topic) => (
            <Checkbox
              key={topic}
              isChecked={chosen.includes(topic)}
              onChange={(isChecked) => onChange(isChecked ? [...chosen, topic] : chosen.filter((it) => it !== topic))}
            >
              <span className="truncate font-mono text-xs">{topic}</span>
            </Checkbox>
          ))}
        </div>
      )}
      {error === undefined ? null : <p className="text-bad text-xs">{error}</p>}
    </fieldset>
  );
}
