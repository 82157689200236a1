import type { ListedOperation } from "./api-document.ts";
import { CaptionedCode } from "./captioned-code.tsx";
import { curlOf } from "./curl.ts";
import { Parameters } from "./parameters.tsx";
import { Prose } from "./prose.tsx";
import { ResponseList } from "./responses.tsx";
import { type KnownSchemas, SchemaFields } from "./schema-fields.tsx";

interface Props {
  readonly listed: ListedOperation;
  readonly known: KnownSchemas;
  /** Where this server is, for the commands. */
  readonly origin: string;
}

export function OperationSection({ listed, known, origin }: Props) {
  const { id, method, path, operation } = listed;
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  return (
    <section aria-labelledby={id} className="border-line border-t py-6">
      <h2 className="flex scroll-mt-16 flex-wrap items-baseline gap-x-2 font-semibold" id={id}>
        <a className="hover:underline" href={`#${id}`}>
          {operation.summary}
        </a>
      </h2>
      <p className="mt-1 break-all font-mono text-sm">
        <span className="mr-2 rounded border border-line-strong px-1.5 py-0.5 font-semibold text-xs">{method}</span>
        {path}
      </p>
      {operation.description === undefined ? null : (
        <p className="mt-2 max-w-prose text-sm">
          <Prose text={operation.description} />
        </p>
      )}
      <div className="mt-4 grid gap-6 lg:grid-cols-2">
        <div className="min-w-0 space-y-4">
          <Parameters of={operation.summary ?? id} parameters={operation.parameters ?? []} />
          {bodies.map(([type, { schema }]) => (
            <div className="space-y-1" key={type}>
              <h3 className="font-medium text-sm">
                Body <span className="font-mono font-normal text-xs">{type}</span>
              </h3>
              {schema === undefined ? null : <SchemaFields known={known} schema={schema} />}
            </div>
          ))}
        </div>
        <div className="min-w-0 space-y-4">
          <CaptionedCode label="curl" text={curlOf(listed, origin)} />
          <ResponseList known={known} responses={operation.responses ?? {}} />
        </div>
      </div>
    </section>
  );
}
