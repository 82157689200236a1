"use client";

import { Search } from "lucide-react";
import { cn } from "../ui/class-names.ts";

interface SearchBoxProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly className?: string;
}

export function SearchBox({ label, value, onChange, className }: SearchBoxProps) {
  return (
    <div className={cn("relative w-64", className)}>
      <Search aria-hidden="true" className="absolute top-[9px] left-2.5 size-3.5 text-faint" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-8 w-full rounded-md border border-field bg-surface pr-2 pl-8 text-sm hover:border-muted focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0"
      />
    </div>
  );
}
