"use client";

import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useRouter } from "next/navigation";
import { parseAsString, useQueryState } from "nuqs";
import { type ReactNode, useMemo } from "react";
import { cn } from "../ui/class-names.ts";
import { ScrollRegion } from "../ui/scroll-region.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** The value that the column is sorted by; unknown (undefined) comes last. A column without it cannot be sorted. */
  readonly sortBy?: (row: Row) => number | string | undefined;
  readonly isNumber?: boolean;
  /** Sentences that have to be read whole: they go on in a second line instead of being cut off. */
  readonly isProse?: boolean;
  /** Tailwind width, such as `w-24`; the one column without a width takes what is left. */
  readonly width?: string;
  /** Hidden on screens narrower than this. */
  readonly from?: "md" | "lg" | "xl";
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined while loading. */
  readonly rows: readonly Row[] | undefined;
  readonly rowId: (row: Row) => string;
  /** Where a press on the row leads; the first cell holds the link for the keyboard. */
  readonly href?: (row: Row) => string;
  /** `column` or `-column`. Kept in the address under `sort`. */
  readonly initialSort?: string;
  readonly empty: ReactNode;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

const FROM = { md: "max-md:hidden", lg: "max-lg:hidden", xl: "max-xl:hidden" };
const SCREENS = ["md", "lg", "xl"] as const;
/** The least width of a column that has none; below it the table scrolls. */
const UNSIZED_REM = 12;

/** How wide the columns of a screen must be together, so that the one without a width does not vanish. */
function leastWidth(
  columns: readonly Pick<Column<never>, "from" | "width">[],
  screen: (typeof SCREENS)[number],
): string {
  const shown = columns.filter(({ from = "md" }) => SCREENS.indexOf(from) <= SCREENS.indexOf(screen));
  const rems = shown.map(({ width }) =>
    width === undefined
      ? UNSIZED_REM
      : Math.max(...[...width.matchAll(/w-(\d+)/g)].map(([, steps]) => Number(steps) / 4)),
  );
  return `${rems.reduce((sum, it) => sum + it, 0)}rem`;
}

const SKELETON_ROWS = ["a", "b", "c", "d", "e", "f"];

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, href, initialSort = "", empty } = props;
  const router = useRouter();
  const [sort, setSort] = useQueryState("sort", parseAsString.withDefault(initialSort));
  const id = sort.replace(/^-/, "");
  const isDescending = sort.startsWith("-");

  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return helper.columns(
      columns.map((column) =>
        helper.accessor((row) => column.sortBy?.(row), {
          id: column.id,
          sortFn: column.isNumber === true ? "basic" : "alphanumeric",
          sortUndefined: "last",
        }),
      ),
    );
  }, [columns]);
  const data = useMemo(() => [...(rows ?? [])], [rows]);
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowId,
    state: { sorting: columns.some((it) => it.id === id) ? [{ id, desc: isDescending }] : [] },
  });

  if (rows !== undefined && rows.length === 0) return empty;

  function toggleSort(column: Column<Row>) {
    const first = column.isNumber === true ? `-${column.id}` : column.id;
    const second = column.isNumber === true ? column.id : `-${column.id}`;
    void setSort(sort === first ? second : first);
  }

  return (
    <ScrollRegion label={label}>
      {/* On narrow screens columns take the room they need and the table scrolls: fixed, the widest would be left with none. */}
      <table
        aria-label={label}
        style={Object.fromEntries(SCREENS.map((it) => [`--least-${it}`, leastWidth(columns, it)]))}
        className="w-full border-collapse text-sm md:min-w-(--least-md) md:table-fixed lg:min-w-(--least-lg) xl:min-w-(--least-xl)"
      >
        <thead>
          <tr className="h-8 border-line border-b text-muted text-xs">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                aria-sort={id !== column.id ? undefined : isDescending ? "descending" : "ascending"}
                className={cn(
                  "px-3 text-left font-medium max-md:w-auto max-md:whitespace-nowrap",
                  column.width,
                  column.isNumber === true && "text-right",
                  column.from !== undefined && FROM[column.from],
                )}
              >
                {column.sortBy === undefined ? (
                  column.header
                ) : (
                  <button
                    type="button"
                    onClick={() => toggleSort(column)}
                    className={cn(
                      "inline-flex h-6 max-w-full items-center gap-1 whitespace-nowrap rounded-sm hover:text-ink",
                      id === column.id && "text-ink",
                      column.isNumber === true && "flex-row-reverse",
                    )}
                  >
                    <span className="truncate">{column.header}</span>
                    {id !== column.id ? null : isDescending ? (
                      <ArrowDown aria-hidden="true" className="size-3" />
                    ) : (
                      <ArrowUp aria-hidden="true" className="size-3" />
                    )}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined
            ? SKELETON_ROWS.map((row) => (
                <tr key={row} className="h-(--row) border-line border-b last:border-0">
                  {columns.map((column) => (
                    <td key={column.id} className={cn("px-3", column.from !== undefined && FROM[column.from])}>
                      <Skeleton className="h-3 w-2/3" />
                    </td>
                  ))}
                </tr>
              ))
            : table.getRowModel().rows.map((row) => (
                <tr
                  key={row.id}
                  onClick={(event) => {
                    if (href === undefined || (event.target as Element).closest("a,button") !== null) return;
                    router.push(href(row.original));
                  }}
                  className={cn(
                    "h-(--row) border-line border-b last:border-0",
                    href !== undefined && "cursor-pointer hover:bg-hover",
                  )}
                >
                  {columns.map((column) => (
                    <td
                      key={column.id}
                      className={cn(
                        column.isProse === true
                          ? "break-words px-3 py-1 max-md:min-w-48"
                          : "truncate px-3 py-0 max-md:max-w-60",
                        column.isNumber === true && "text-right",
                        column.from !== undefined && FROM[column.from],
                      )}
                    >
                      {column.cell(row.original)}
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
