import type { Metadata } from "next";
import { Prose } from "@/components/api-docs/prose.tsx";
import { PROBLEM_CATALOGUE } from "@/server/contract/problem-catalogue.ts";

export const metadata: Metadata = { title: "Problems" };

const SHAPE = `HTTP/1.1 409 Conflict
Content-Type: application/problem+json

{
  "type": "/docs/problems#unexpected-offset",
  "title": "Unexpected offset",
  "status": 409,
  "detail": "…",
  "code": "unexpected-offset",
  "instance": "<request id>",
  "actual": { "order-1": 17 }
}`;

export default function ProblemsPage() {
  return (
    <div className="max-w-3xl">
      <h1 className="font-semibold text-xl">Problems</h1>
      <p className="mt-2 text-sm">
        <Prose text="Every refusal under `/v1` is a problem document (RFC 9457). `code` and `type` are stable; `errors` names the fields at fault; `instance` is the request's id, also in the `x-request-id` header and in the server's log. Facts that go with a code stand beside these members." />
      </p>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        className="mt-4 overflow-x-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs leading-5"
      >
        {SHAPE}
      </pre>
      {Object.entries(PROBLEM_CATALOGUE).map(([code, { status, title, meaning, remedy }]) => (
        <section aria-labelledby={code} className="mt-6 border-line border-t pt-4" key={code}>
          <h2 className="scroll-mt-16 font-semibold target:underline" id={code}>
            {title}
          </h2>
          <p className="font-mono text-muted text-xs">
            {status} {code}
          </p>
          <p className="mt-1 text-sm">
            <Prose text={meaning} />
          </p>
          <p className="mt-1 text-sm">
            <span className="font-medium">What to do: </span>
            <Prose text={remedy} />
          </p>
        </section>
      ))}
    </div>
  );
}
