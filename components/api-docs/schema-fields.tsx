import type { ApiSchema } from "./api-document.ts";
import { Prose } from "./prose.tsx";
import { bounds, typeInWords, withFields } from "./schema-words.ts";

export type KnownSchemas = Readonly<Record<string, ApiSchema>>;

/** Deeper than any schema of ours; a schema that refers to itself ends here. */
const MAX_DEPTH = 6;

interface Props {
  readonly schema: ApiSchema;
  readonly known: KnownSchemas;
  readonly depth?: number;
}

/** The fields of an object (or of a list's entries), with what is below them folded away. */
export function SchemaFields({ schema, known, depth = 0 }: Props) {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices?.some((it) => withFields(it, known) !== null)) {
    return choices.map((choice, index) => (
      <div className="mt-2" key={JSON.stringify(choice).slice(0, 200)}>
        <p className="text-muted text-xs">
          {index === 0 ? "Either" : "or"} {typeInWords(choice)}
        </p>
        <SchemaFields depth={depth} known={known} schema={choice} />
      </div>
    ));
  }
  const object = withFields(schema, known);
  if (object === null) return <p className="font-mono text-xs">{typeInWords(schema)}</p>;
  return (
    <ul className="divide-y divide-line rounded-md border border-line text-sm">
      {Object.entries(object.properties ?? {}).map(([name, field]) => (
        <Field
          depth={depth}
          field={field}
          isRequired={object.required?.includes(name) === true}
          key={name}
          known={known}
          name={name}
        />
      ))}
    </ul>
  );
}

interface FieldProps {
  readonly name: string;
  readonly field: ApiSchema;
  readonly isRequired: boolean;
  readonly known: KnownSchemas;
  readonly depth: number;
}

function Field({ name, field, isRequired, known, depth }: FieldProps) {
  const choices = field.anyOf ?? field.oneOf ?? [];
  const hasMore = depth < MAX_DEPTH && [field, ...choices].some((it) => withFields(it, known) !== null);
  return (
    <li className="px-3 py-1.5">
      <div className="flex flex-wrap items-baseline gap-x-2">
        <code className="font-medium font-mono text-xs">{name}</code>
        <span className="text-muted text-xs">
          {typeInWords(field)}
          {isRequired ? ", required" : ""}
        </span>
        {bounds(field).map((it) => (
          <code className="break-all font-mono text-muted text-xs" key={it}>
            {it}
          </code>
        ))}
      </div>
      {field.description === undefined ? null : (
        <p className="text-muted text-xs">
          <Prose text={field.description} />
        </p>
      )}
      {hasMore ? (
        <details className="mt-1">
          <summary className="cursor-pointer text-xs">Fields of {name}</summary>
          <div className="mt-1">
            <SchemaFields depth={depth + 1} known={known} schema={field} />
          </div>
        </details>
      ) : null}
    </li>
  );
}
