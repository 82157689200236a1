"use client";

import { Button as Base } from "@base-ui/react/button";
import { cva, type VariantProps } from "class-variance-authority";
import Link from "next/link";
import type { ComponentProps, ReactNode } from "react";
import { mergeClasses } from "./merge-classes.ts";

export const buttonClasses = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors [&_svg]:size-3.5 [&_svg]:shrink-0 data-disabled:cursor-not-allowed data-disabled:opacity-55",
  {
    variants: {
      look: {
        primary: "bg-accent-solid text-on-accent hover:not-data-disabled:bg-accent-solid-hover",
        secondary: "border border-line-strong bg-raised text-ink hover:not-data-disabled:bg-hover",
        quiet: "text-muted hover:not-data-disabled:bg-hover hover:not-data-disabled:text-ink",
        danger: "bg-bad-solid text-on-accent hover:not-data-disabled:brightness-110",
        "danger-quiet": "border border-line-strong text-bad hover:not-data-disabled:bg-bad-soft",
      },
      size: {
        sm: "h-7 px-2.5 text-xs",
        md: "h-8 px-3 text-sm",
        lg: "h-9 px-4 text-sm",
        icon: "size-7",
      },
    },
    defaultVariants: { look: "secondary", size: "md" },
  },
);

type Looks = VariantProps<typeof buttonClasses>;

export interface ButtonProps extends Omit<ComponentProps<typeof Base>, "className">, Looks {
  readonly className?: string;
  /** Runs at the moment: pressed again, it does nothing. */
  readonly isBusy?: boolean;
  /** Why it cannot be pressed. It stays reachable by keyboard and says so. */
  readonly blockedBecause?: string | undefined;
}

export function Button({
  look,
  size,
  className,
  isBusy = false,
  blockedBecause,
  disabled,
  children,
  ...rest
}: ButtonProps) {
  const isBlocked = blockedBecause !== undefined;
  return (
    <Base
      {...rest}
      aria-busy={isBusy || undefined}
      className={mergeClasses(buttonClasses({ look, size }), className)}
      disabled={disabled === true || isBlocked || isBusy}
      focusableWhenDisabled={isBlocked || isBusy}
      title={isBlocked ? blockedBecause : rest.title}
    >
      {children}
      {isBlocked && <span className="sr-only">({blockedBecause})</span>}
    </Base>
  );
}

export interface ButtonLinkProps extends Omit<ComponentProps<typeof Link>, "className">, Looks {
  readonly className?: string;
  readonly children: ReactNode;
}

/** Goes somewhere, and looks like a button. */
export function ButtonLink({ look, size, className, ...rest }: ButtonLinkProps) {
  return <Link {...rest} className={mergeClasses(buttonClasses({ look, size }), className)} />;
}
