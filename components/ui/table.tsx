import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";

/** A dense table; wider than its place, it scrolls sideways by itself. `caption` names it for those who cannot see it. */
export function Table({ caption, className, children }: { caption: string; className?: string; children: ReactNode }) {
  return (
    <div className="relative min-w-0 overflow-x-auto">
      <table className={cn("w-full border-collapse text-left text-sm", className)}>
        <caption className="sr-only">{caption}</caption>
        {children}
      </table>
    </div>
  );
}

export function TableHead({ children }: { children: ReactNode }) {
  return (
    <thead className="border-line border-b bg-sunken text-muted text-xs">
      <tr>{children}</tr>
    </thead>
  );
}

export function TableBody({ children }: { children: ReactNode }) {
  return <tbody className="divide-y divide-line">{children}</tbody>;
}

export function TableRow({ className, ...props }: ComponentProps<"tr">) {
  return <tr className={cn("h-(--row) hover:bg-hover aria-selected:bg-selected", className)} {...props} />;
}

interface CellProps extends ComponentProps<"td"> {
  /** Figures stand on the right, so that their digits line up. */
  readonly isNumeric?: boolean;
}

export function TableCell({ isNumeric = false, className, ...props }: CellProps) {
  return (
    <td
      className={cn("whitespace-nowrap px-3 py-1 first:pl-4 last:pr-4", isNumeric && "text-right", className)}
      {...props}
    />
  );
}

interface HeaderCellProps extends Omit<ComponentProps<"th">, "scope"> {
  readonly isNumeric?: boolean;
}

export function TableHeaderCell({ isNumeric = false, className, ...props }: HeaderCellProps) {
  return (
    <th
      className={cn(
        "h-8 whitespace-nowrap px-3 font-medium first:pl-4 last:pr-4",
        isNumeric && "text-right",
        className,
      )}
      scope="col"
      {...props}
    />
  );
}

export type SortDirection = "ascending" | "descending";

interface SortableHeaderCellProps {
  /** How the table is sorted by this column; null = by another one. */
  readonly direction: SortDirection | null;
  readonly onSort: () => void;
  readonly isNumeric?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

export function SortableHeaderCell({
  direction,
  onSort,
  isNumeric = false,
  className,
  children,
}: SortableHeaderCellProps) {
  const Arrow = direction === null ? ChevronsUpDown : direction === "ascending" ? ArrowUp : ArrowDown;
  return (
    <TableHeaderCell
      aria-sort={direction ?? "none"}
      isNumeric={isNumeric}
      {...(className === undefined ? {} : { className })}
    >
      <button
        className={cn(
          "-mx-1 inline-flex items-center gap-1 rounded-sm px-1 hover:text-ink",
          isNumeric && "flex-row-reverse",
          direction !== null && "text-ink",
        )}
        onClick={onSort}
        type="button"
      >
        {children}
        <Arrow aria-hidden="true" className={cn("size-3", direction === null && "opacity-60")} />
      </button>
    </TableHeaderCell>
  );
}
