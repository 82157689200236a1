import { connection } from "next/server";
import { operationsByTag, servedDocument } from "@/components/api-docs/api-document.ts";
import { OperationList } from "@/components/api-docs/operation-list.tsx";
import { Prose } from "@/components/api-docs/prose.tsx";

export default async function ApiReferencePage() {
  // Of the running server: a build has no document to show.
  await connection();
  const document = servedDocument();
  if (document === null) return <p>The reference is served by the running server only.</p>;
  return (
    <div className="max-w-5xl">
      <h1 className="font-semibold text-xl">API reference</h1>
      <p className="mt-2 max-w-prose text-sm">
        <Prose text={document.info.description ?? ""} />
      </p>
      <p className="mt-2 max-w-prose text-sm">
        Version <span className="font-mono">{document.info.version}</span>. Requests carry an API key:{" "}
        <code className="font-mono text-xs">Authorization: Bearer mr_…</code>
      </p>
      {operationsByTag(document).map((group) => (
        <OperationList group={group} key={group.slug} />
      ))}
    </div>
  );
}
