import Link from "next/link";
import type { ApiGroup } from "./api-document.ts";

/** All groups; of the one that is shown, its operations. */
export function ReferenceNavigation({
  groups,
  shown,
}: {
  readonly groups: readonly ApiGroup[];
  readonly shown: string;
}) {
  return (
    <nav
      aria-label="Operations"
      className="mb-8 text-sm md:sticky md:top-16 md:max-h-[calc(100dvh-5rem)] md:self-start md:overflow-y-auto"
    >
      <ul className="space-y-2">
        {groups.map(({ tag, slug, operations }) => (
          <li key={slug}>
            <Link
              aria-current={slug === shown ? "page" : undefined}
              className="hover:underline aria-[current]:font-medium"
              href={`/docs/${slug}`}
            >
              {tag}
            </Link>
            {slug === shown ? (
              <ul className="mt-1 mb-3 space-y-1">
                {operations.map(({ id, operation }) => (
                  <li key={id}>
                    <a className="text-muted text-xs hover:text-ink hover:underline" href={`#${id}`}>
                      {operation.summary}
                    </a>
                  </li>
                ))}
              </ul>
            ) : null}
          </li>
        ))}
      </ul>
    </nav>
  );
}
