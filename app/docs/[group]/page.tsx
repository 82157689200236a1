import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { operationsByTag, servedDocument } from "@/components/api-docs/api-document.ts";
import { OperationSection } from "@/components/api-docs/operation-section.tsx";
import { ReferenceNavigation } from "@/components/api-docs/reference-navigation.tsx";

/** The operations of one group: all of them in one page would be more than a megabyte. */
export default async function ApiGroupPage({ params }: { readonly params: Promise<{ readonly group: string }> }) {
  const [{ group }, incoming] = await Promise.all([params, headers()]);
  const document = servedDocument();
  const groups = document === null ? [] : operationsByTag(document);
  const shown = groups.find((it) => it.slug === group);
  if (document === null || shown === undefined) notFound();
  const origin = originOf(incoming);
  return (
    <div className="gap-10 md:grid md:grid-cols-[13rem_minmax(0,1fr)]">
      <ReferenceNavigation groups={groups} shown={shown.slug} />
      <div className="min-w-0">
        <h1 className="mb-3 font-semibold text-xl">{shown.tag}</h1>
        {shown.operations.map((it) => (
          <OperationSection key={it.id} known={document.components?.schemas ?? {}} listed={it} origin={origin} />
        ))}
      </div>
    </div>
  );
}

function originOf(incoming: Headers): string {
  const protocol = incoming.get("x-forwarded-proto") === "https" ? "https" : "http";
  return `${protocol}://${incoming.get("host") ?? "127.0.0.1:3000"}`;
}
