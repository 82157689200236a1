"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../data/api.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";

interface StartReplayProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** A replay from a page that is about no consumer in particular: it is chosen first. */
export function StartReplay({ isOpen, onOpenChange }: StartReplayProps) {
  const api = useApi();
  const consumers = useQuery(api.consumers.list.queryOptions()).data?.consumers ?? [];
  const [asked, setAsked] = useState("");
  const chosen = consumers.find((it) => it.consumer === asked) ?? consumers[0];
  if (chosen === undefined) return null;
  return (
    <ReplayDialog
      consumer={chosen.consumer}
      topics={chosen.topics}
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      choice={
        <Field label="Consumer">
          <Select
            value={chosen.consumer}
            choices={consumers.map((it) => ({ value: it.consumer, label: it.consumer }))}
            onChange={setAsked}
          />
        </Field>
      }
    />
  );
}
