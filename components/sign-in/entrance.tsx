import type { ReactNode } from "react";
import { Logo, PageTitle } from "../shell/environment-mark.tsx";
import { cn } from "../ui/class-names.ts";

interface EntranceProps {
  readonly title: string;
  readonly text?: ReactNode;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** The frame of the pages before the control room: one column in the middle. */
export function Entrance({ title, text, isWide = false, children }: EntranceProps) {
  return (
    <main className="flex min-h-dvh flex-col items-center px-4 pt-[12vh] pb-12">
      <PageTitle title={title} />
      <div className={cn("flex w-full flex-col gap-6", isWide ? "max-w-3xl" : "max-w-[26rem]")}>
        <header className="flex flex-col gap-3">
          <Logo className="size-9" />
          <div>
            <h1 className="text-xl">{title}</h1>
            {text === undefined ? null : <p className="mt-1 text-muted">{text}</p>}
          </div>
        </header>
        {children}
      </div>
    </main>
  );
}
