import { AnswerText } from "./answer-text.tsx";
import type { ApiOperation } from "./api-document.ts";
import { CaptionedCode } from "./captioned-code.tsx";
import { Prose } from "./prose.tsx";
import { type KnownSchemas, SchemaFields } from "./schema-fields.tsx";

const asText = (example: unknown): string => (typeof example === "string" ? example : JSON.stringify(example, null, 2));

type Responses = NonNullable<ApiOperation["responses"]>;

/** The answers of an operation; refusals as links to what they mean. */
export function ResponseList({ responses, known }: { readonly responses: Responses; readonly known: KnownSchemas }) {
  const entries = Object.entries(responses);
  const answers = entries.filter(([status]) => Number(status) < 400);
  const refusals = entries.filter(([status, it]) => Number(status) >= 400 && it.content !== undefined);
  return (
    <>
      {answers.map(([status, { description, content = {} }]) => (
        <div className="space-y-2" key={status}>
          <AnswerText status={status} text={description ?? ""} />
          {status === "201" && responses["200"] !== undefined ? (
            <p className="text-muted text-xs">The same body as 200.</p>
          ) : (
            Object.entries(content).map(([type, { schema, example }]) => (
              <div className="grid gap-2" key={type}>
                {type.includes("json") && schema !== undefined ? <SchemaFields known={known} schema={schema} /> : null}
                {example === undefined ? null : <CaptionedCode label={type} text={asText(example)} />}
              </div>
            ))
          )}
        </div>
      ))}
      {refusals.length === 0 ? null : (
        <div>
          <h3 className="font-medium text-sm">Refusals</h3>
          <ul className="mt-1 space-y-1 text-xs">
            {refusals.flatMap(([status, { description = "" }]) =>
              description.split("\n\n").map((line) => (
                <li key={line}>
                  <Refusal line={line} status={status} />
                </li>
              )),
            )}
          </ul>
        </div>
      )}
    </>
  );
}

/** A line of the description reads "`code`: meaning". */
function Refusal({ status, line }: { readonly status: string; readonly line: string }) {
  const [, code = "", meaning = line] = /^`([a-z0-9-]+)`: (.*)$/s.exec(line) ?? [];
  return (
    <>
      <span className="font-mono">{status}</span>{" "}
      <a className="font-mono underline underline-offset-2" href={`/docs/problems#${code}`}>
        {code}
      </a>{" "}
      <span className="text-muted">
        <Prose text={meaning} />
      </span>
    </>
  );
}
