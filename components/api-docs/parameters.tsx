import { ScrollRegion } from "../ui/scroll-region.tsx";
import type { ApiParameter } from "./api-document.ts";
import { Prose } from "./prose.tsx";
import { bounds, typeInWords } from "./schema-words.ts";

interface ParametersProps {
  /** Whose they are, in words. */
  readonly of: string;
  readonly parameters: readonly ApiParameter[];
}

export function Parameters({ of, parameters }: ParametersProps) {
  if (parameters.length === 0) return null;
  return (
    <ScrollRegion label={`Parameters of ${of}`}>
      <table className="w-full text-left text-sm">
        <caption className="mb-1 text-left font-medium text-sm">Parameters</caption>
        <thead className="text-muted text-xs">
          <tr>
            {["Name", "In", "Type", "Meaning"].map((it) => (
              <th className="border-line border-b py-1 pr-3 font-normal" key={it} scope="col">
                {it}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {parameters.map((it) => (
            <tr className="border-line border-b align-baseline" key={`${it.in} ${it.name}`}>
              <th className="py-1 pr-3 font-medium font-mono text-xs" scope="row">
                {it.name}
              </th>
              <td className="py-1 pr-3 text-xs">
                {it.in}
                {it.required === true ? ", required" : ""}
              </td>
              <td className="py-1 pr-3 text-xs">
                {typeInWords(it.schema ?? {})}
                <span className="block break-all font-mono text-muted">{bounds(it.schema ?? {}).join(", ")}</span>
              </td>
              <td className="py-1 text-xs">
                <Prose text={it.description ?? it.schema?.description ?? ""} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
