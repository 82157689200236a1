"use client";

import { Field } from "@base-ui/react/field";
import { Input as Base } from "@base-ui/react/input";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

export const CONTROL_CLASSES =
  "w-full min-w-0 rounded-md border border-field bg-raised px-2.5 text-ink text-sm transition-colors placeholder:text-faint hover:not-data-disabled:border-muted focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 data-invalid:border-bad data-disabled:cursor-not-allowed data-disabled:opacity-60 read-only:bg-sunken";

interface OwnProps {
  readonly className?: string;
  /** Names, keys, JSON: digits and letters that must not be mistaken for one another. */
  readonly isMono?: boolean;
}

export type InputProps = Omit<ComponentProps<typeof Base>, "className"> & OwnProps;

export function Input({ className, isMono = false, ...rest }: InputProps) {
  return <Base {...rest} className={cn(CONTROL_CLASSES, "h-8", isMono && "font-mono", className)} />;
}

export type TextareaProps = Omit<ComponentProps<"textarea">, "className"> & OwnProps;

export function Textarea({ className, isMono = false, ...rest }: TextareaProps) {
  return (
    <Field.Control
      className={cn(CONTROL_CLASSES, "min-h-20 resize-y py-1.5", isMono && "font-mono", className)}
      render={<textarea {...rest} />}
    />
  );
}
