"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";

export const Dialog = Base.Root;
export const DialogTrigger = Base.Trigger;
export const DialogClose = Base.Close;

const BACKDROP =
  "fixed inset-0 z-40 bg-black/35 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0";

interface DialogContentProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/**
 * Marks the field a dialog begins with. React's `autoFocus` would take the focus before the dialog has noted where it
 * came from, and closing would lose the place.
 */
export const FIRST_FIELD = { "data-first-field": "" } as const;

/** A dialog in the middle: head, a body that scrolls, and whatever footer the body brings. */
export function DialogContent({ title, description, className, children }: DialogContentProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Portal>
      <Base.Backdrop className={BACKDROP} />
      <Base.Popup
        ref={popup}
        initialFocus={() => popup.current?.querySelector<HTMLElement>("[data-first-field]") ?? true}
        className={cn(
          "fixed top-[12vh] left-1/2 z-50 flex max-h-[80vh] w-[520px] max-w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-lg bg-raised shadow-pop transition-[opacity,scale] duration-150 data-ending-style:scale-[0.98] data-starting-style:scale-[0.98] data-ending-style:opacity-0 data-starting-style:opacity-0",
          className,
        )}
      >
        <header className="flex items-start gap-3 border-line border-b px-5 py-3.5">
          <div className="min-w-0 flex-1">
            <Base.Title className="text-base [overflow-wrap:anywhere]">{title}</Base.Title>
            {description === undefined ? null : (
              <Base.Description className="mt-0.5 text-muted text-xs">{description}</Base.Description>
            )}
          </div>
          <Base.Close render={<Button look="ghost" size="icon" aria-label="Close" className="-mr-1.5" />}>
            <X />
          </Base.Close>
        </header>
        {children}
      </Base.Popup>
    </Base.Portal>
  );
}

export function DialogBody({ className, children }: { className?: string; children: ReactNode }) {
  // A dialog that does not fit scrolls: nothing in it may give way, or a framed table shrinks to its frame.
  return (
    <div className={cn("flex flex-col gap-4 overflow-y-auto px-5 py-4 [&>*]:shrink-0", className)}>{children}</div>
  );
}

export function DialogFooter({ note, children }: { note?: ReactNode; children: ReactNode }) {
  return (
    // Names on buttons may be long: they wrap, and stay inside.
    <footer className="flex flex-wrap items-center justify-end gap-2 border-line border-t px-5 py-3 [&>button]:h-auto [&>button]:min-h-8 [&>button]:max-w-full [&>button]:whitespace-normal [&>button]:py-1 [&>button]:[overflow-wrap:anywhere]">
      {note === undefined ? null : <div className="min-w-24 flex-1 text-muted text-xs">{note}</div>}
      {children}
    </footer>
  );
}
