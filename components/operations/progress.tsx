import type { Operation } from "@/server/contract/operations.ts";
import { formatCount } from "../display/format-count.ts";

/** How far an operation has come: settled well, failed again, taken up, left. */
export function Progress({ operation }: { operation: Pick<Operation, "total" | "done" | "ok" | "failed"> }) {
  const { total, done, ok, failed } = operation;
  const share = (count: number): string => `${total === 0 ? 0 : Math.min(100, (count / total) * 100)}%`;
  return (
    <div
      role="progressbar"
      aria-label="Progress"
      aria-valuemin={0}
      aria-valuemax={Math.max(total, done)}
      aria-valuenow={done}
      aria-valuetext={`${formatCount(done)} of ${formatCount(total)} taken up, ${formatCount(ok)} settled, ${formatCount(failed)} failed again`}
      className="flex h-1.5 w-full overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
    >
      <span className="bg-ok" style={{ width: share(ok) }} />
      <span className="bg-bad" style={{ width: share(failed) }} />
      <span className="bg-accent" style={{ width: share(Math.max(0, done - ok - failed)) }} />
    </div>
  );
}
