import { Prose } from "./prose.tsx";

/** The meaning of an answer: its first line beside the status, then paragraphs. Lines that begin with `- ` are a list. */
export function AnswerText({ status, text }: { readonly status: string; readonly text: string }) {
  const [first = "", ...lines] = text.split("\n");
  return (
    <>
      <h3 className="font-medium text-sm">
        <span className="font-mono">{status}</span> <Prose text={first} />
      </h3>
      {lines
        .join("\n")
        .split("\n\n")
        .map((block) => block.split("\n").filter((it) => it !== ""))
        .filter((block) => block.length > 0)
        .map((block) => (
          <Block key={block[0]} lines={block} />
        ))}
    </>
  );
}

function Block({ lines }: { readonly lines: readonly string[] }) {
  const items = lines.filter((it) => it.startsWith("- "));
  const text = lines.filter((it) => !it.startsWith("- ")).join(" ");
  return (
    <div className="space-y-1 text-xs">
      {text === "" ? null : (
        <p>
          <Prose text={text} />
        </p>
      )}
      {items.length === 0 ? null : (
        <ul className="list-disc space-y-1 pl-4">
          {items.map((it) => (
            <li key={it}>
              <Prose text={it.slice(2)} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
