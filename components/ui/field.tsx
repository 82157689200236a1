"use client";

import { Field as Base } from "@base-ui/react/field";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

export interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  /** The fault of the value; the control is marked invalid and points here. */
  readonly error?: string | undefined;
  readonly isOptional?: boolean;
  readonly className?: string;
  /** One Input, Textarea, Select or Switch: label, description and error are wired to it. */
  readonly children: ReactNode;
}

export function Field({ label, hint, error, isOptional = false, className, children }: FieldProps) {
  return (
    <Base.Root className={cn("flex min-w-0 flex-col gap-1.5", className)} invalid={error !== undefined}>
      <Base.Label className="font-medium text-ink text-sm">
        {label}
        {isOptional && <span className="ml-1.5 font-normal text-faint">optional</span>}
      </Base.Label>
      {children}
      {hint !== undefined && <Base.Description className="text-muted text-xs">{hint}</Base.Description>}
      {error !== undefined && (
        <Base.Error className="font-medium text-bad text-xs first-letter:uppercase" match>
          {error}
        </Base.Error>
      )}
    </Base.Root>
  );
}
