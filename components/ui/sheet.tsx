"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";

interface SheetProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  /** Controls beside the close button, such as previous and next. */
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Comes in from the right over a list that stays in sight and usable. */
export function Sheet({ isOpen, onOpenChange, title, description, actions, className, children }: SheetProps) {
  return (
    <Base.Root disablePointerDismissal modal={false} onOpenChange={onOpenChange} open={isOpen}>
      <Base.Portal>
        <Base.Popup
          className={cn(
            "fixed inset-y-0 right-0 z-40 flex w-[560px] max-w-[calc(100vw-3rem)] flex-col bg-raised shadow-sheet outline-none transition-transform duration-150 data-ending-style:translate-x-full data-starting-style:translate-x-full",
            className,
          )}
        >
          <header className="flex items-start gap-2 border-line border-b px-4 py-3">
            <div className="min-w-0 flex-1">
              <Base.Title className="truncate text-base">{title}</Base.Title>
              {description === undefined ? null : (
                <Base.Description className="truncate text-muted text-xs" render={<div />}>
                  {description}
                </Base.Description>
              )}
            </div>
            {actions}
            <Base.Close render={<Button aria-label="Close" look="ghost" size="icon" />}>
              <X />
            </Base.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
