import Link from "next/link";
import type { ReactNode } from "react";

interface PageHeaderProps {
  readonly title: ReactNode;
  /** The pages above this one, outermost first. */
  readonly trail?: readonly { readonly href: string; readonly label: string }[];
  readonly description?: ReactNode;
  /** Beside the title: a status, a badge. */
  readonly aside?: ReactNode;
  /** What can be done here; the main action last. */
  readonly actions?: ReactNode;
}

/** The head of every page: where one is, and what can be done. */
export function PageHeader({ title, trail = [], description, aside, actions }: PageHeaderProps) {
  return (
    <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-5 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex min-w-0 items-center gap-2">
          {trail.length > 0 && (
            <nav aria-label="Breadcrumb" className="flex shrink-0 items-center gap-2 text-muted text-sm">
              {trail.map((it) => (
                <span className="flex items-center gap-2" key={it.href}>
                  <Link className="rounded-sm hover:text-ink hover:underline" href={it.href}>
                    {it.label}
                  </Link>
                  <span aria-hidden="true" className="text-faint">
                    /
                  </span>
                </span>
              ))}
            </nav>
          )}
          <h1 className="truncate text-base">{title}</h1>
          {aside}
        </div>
        {description === undefined ? null : <p className="text-muted text-xs">{description}</p>}
      </div>
      {actions === undefined ? null : <div className="flex items-center gap-2">{actions}</div>}
    </header>
  );
}
