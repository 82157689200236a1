import Link from "next/link";
import type { ApiGroup } from "./api-document.ts";

/** The operations of a group, each in a line that leads to it. */
export function OperationList({ group: { tag, slug, operations } }: { readonly group: ApiGroup }) {
  return (
    <section aria-labelledby={slug} className="mt-8">
      <h2 className="mb-2 scroll-mt-16 font-semibold" id={slug}>
        <Link className="hover:underline" href={`/docs/${slug}`}>
          {tag}
        </Link>
      </h2>
      <ul className="divide-y divide-line rounded-md border border-line text-sm">
        {operations.map(({ id, method, path, operation }) => (
          <li className="grid gap-x-4 px-3 py-1.5 md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]" key={id}>
            <Link className="hover:underline" href={`/docs/${slug}#${id}`}>
              {operation.summary}
            </Link>
            <span className="break-all font-mono text-muted text-xs leading-5">
              {method} {path}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
