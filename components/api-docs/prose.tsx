import { createElement, Fragment } from "react";

/** Text in which `backticks` mark code. */
export function Prose({ text }: { readonly text: string }) {
  const parts = text
    .split("`")
    .map((part, index) =>
      index % 2 === 0 ? part : createElement("code", { className: "bg-sunken px-1 font-mono text-[0.9em]" }, part),
    );
  return createElement(Fragment, null, ...parts);
}
