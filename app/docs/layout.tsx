import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";

export const metadata: Metadata = { title: "API reference" };

const PAGES = [
  { href: "/docs", label: "API reference" },
  { href: "/docs/problems", label: "Problems" },
] as const;

export default function DocsLayout({ children }: { readonly children: ReactNode }) {
  return (
    <div className="min-h-dvh bg-canvas text-ink">
      <header className="sticky top-0 z-10 border-line border-b bg-canvas">
        <nav aria-label="Documentation" className="mx-auto flex h-11 max-w-7xl items-center gap-5 px-4 text-sm">
          <Link className="font-semibold" href="/">
            Millrace
          </Link>
          {PAGES.map(({ href, label }) => (
            <Link className="hover:underline" href={href} key={href}>
              {label}
            </Link>
          ))}
          <a className="ml-auto font-mono text-xs hover:underline" href="/v1/openapi.json">
            openapi.json
          </a>
        </nav>
      </header>
      <main className="mx-auto max-w-7xl px-4 py-6">{children}</main>
    </div>
  );
}
