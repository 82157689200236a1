"use client";

import { isLosslessNumber } from "lossless-json";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { formatCount } from "../display/format-count.ts";
import { cn } from "../ui/class-names.ts";

interface JsonTreeProps {
  readonly value: unknown;
  readonly name?: string;
  readonly depth?: number;
}

/** Levels that stand open at first. */
const OPEN_DEPTH = 3;
/** Members drawn before one has to ask for more. */
const MAX_MEMBERS = 200;

export function JsonTree({ value, name, depth = 0 }: JsonTreeProps) {
  const members = membersOf(value);
  if (members === null) {
    return (
      <div className="flex min-h-6 gap-2 py-0.5 pl-4">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  return (
    <Branch {...(name === undefined ? {} : { name })} members={members} isList={Array.isArray(value)} depth={depth} />
  );
}

function membersOf(value: unknown): (readonly [string, unknown])[] | null {
  if (Array.isArray(value)) return value.map((it, index) => [String(index), it] as const);
  if (typeof value === "object" && value !== null && !isLosslessNumber(value)) return Object.entries(value);
  return null;
}

interface BranchProps {
  readonly name?: string;
  readonly members: readonly (readonly [string, unknown])[];
  readonly isList: boolean;
  readonly depth: number;
}

function Branch({ name, members, isList, depth }: BranchProps) {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(MAX_MEMBERS);
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="flex min-h-6 items-center gap-1 rounded-sm pr-1 hover:bg-hover"
      >
        <ChevronRight
          aria-hidden="true"
          className={cn("size-3 text-faint transition-transform", isOpen && "rotate-90")}
        />
        <Name name={name} />
        <span className="text-faint">
          {isList ? `[${formatCount(members.length)}]` : `{${formatCount(members.length)}}`}
        </span>
      </button>
      {isOpen ? (
        <div className="ml-[5px] border-line border-l pl-2">
          {members.slice(0, shown).map(([key, member]) => (
            <JsonTree key={key} name={key} value={member} depth={depth + 1} />
          ))}
          {members.length > shown ? (
            <button
              type="button"
              onClick={() => setShown(shown * 5)}
              className="ml-4 min-h-6 rounded-sm text-accent hover:underline"
            >
              {formatCount(members.length - shown)} more
            </button>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

function Name({ name }: { name: string | undefined }) {
  return name === undefined ? null : <span className="shrink-0 text-muted">{name}:</span>;
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string") return <span className="break-all text-ok">{JSON.stringify(value)}</span>;
  if (value === null) return <span className="text-faint">null</span>;
  return <span className={typeof value === "boolean" ? "text-warn" : "text-accent"}>{String(value)}</span>;
}
