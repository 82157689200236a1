"use client";

import type { ReactNode } from "react";
import { ENVIRONMENT_COLOURS, Logo, PageTitle, useEnvironment } from "../shell/environment-mark.tsx";
import { cn } from "../ui/class-names.ts";

interface CardProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** The frame of the pages before the control room: whose door this is, and the one thing to do. */
export function Card({ title, description, isWide = false, children }: CardProps) {
  const environment = useEnvironment();
  const colour = ENVIRONMENT_COLOURS[environment?.colour ?? "gray"].token;
  return (
    <main className="flex min-h-dvh flex-col items-center bg-sidebar px-4 py-[12vh]">
      <PageTitle title={title} />
      <div className="mb-5 flex h-6 items-center gap-2.5">
        <Logo className="size-6" />
        <span className="font-semibold text-lg tracking-tight">Millrace</span>
        {environment === undefined ? null : (
          <span
            className="max-w-40 truncate rounded-sm border px-1.5 font-medium text-2xs leading-[18px]"
            style={{ color: colour, borderColor: "currentColor" }}
            title="Environment"
          >
            {environment.name}
          </span>
        )}
      </div>
      <section
        className={cn(
          "w-full rounded-lg border border-line bg-surface p-6",
          isWide ? "max-w-[680px]" : "max-w-[400px]",
        )}
      >
        <h1 className="text-lg">{title}</h1>
        {description === undefined ? null : <p className="mt-1 text-muted text-sm">{description}</p>}
        <div className="mt-5">{children}</div>
      </section>
    </main>
  );
}
