import { headers } from "next/headers";
import { operationsByTag, servedDocument } from "@/components/api-docs/api-document.ts";
import { OperationSection } from "@/components/api-docs/operation-section.tsx";
import { Prose } from "@/components/api-docs/prose.tsx";

export default async function ApiReferencePage() {
  // Asked for first: it makes the page one of the request, and a build has no document to show.
  const origin = originOf(await headers());
  const document = servedDocument();
  if (document === null) return <p>The reference is served by the running server only.</p>;
  const groups = operationsByTag(document);
  const known = document.components?.schemas ?? {};
  return (
    <div className="gap-10 md:grid md:grid-cols-[13rem_minmax(0,1fr)]">
      <nav
        aria-label="Operations"
        className="mb-8 text-sm md:sticky md:top-16 md:max-h-[calc(100dvh-5rem)] md:self-start md:overflow-y-auto"
      >
        {groups.map(({ tag, operations }) => (
          <div className="mb-4" key={tag}>
            <p className="font-medium">{tag}</p>
            <ul className="mt-1 space-y-1">
              {operations.map(({ id, operation }) => (
                <li key={id}>
                  <a className="text-muted text-xs hover:text-ink hover:underline" href={`#${id}`}>
                    {operation.summary}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="min-w-0">
        <h1 className="font-semibold text-xl">API reference</h1>
        <p className="mt-2 max-w-prose text-sm">
          <Prose text={document.info.description ?? ""} />
        </p>
        <p className="mt-2 max-w-prose text-sm">
          Version <span className="font-mono">{document.info.version}</span>. Requests carry an API key:{" "}
          <code className="font-mono text-xs">Authorization: Bearer mr_…</code>
        </p>
        {groups.map(({ tag, operations }) => (
          <section aria-label={tag} className="mt-10" key={tag}>
            <h2 className="mb-3 font-semibold text-lg">{tag}</h2>
            {operations.map((it) => (
              <OperationSection key={it.id} known={known} listed={it} origin={origin} />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
}

function originOf(incoming: Headers): string {
  const protocol = incoming.get("x-forwarded-proto") === "https" ? "https" : "http";
  return `${protocol}://${incoming.get("host") ?? "127.0.0.1:3000"}`;
}
