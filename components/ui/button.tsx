"use client";

import { Button as BaseButton } from "@base-ui/react/button";
import { cva, type VariantProps } from "class-variance-authority";
import Link from "next/link";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

export const buttonStyle = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors duration-100 disabled:cursor-not-allowed data-disabled:cursor-not-allowed [&_svg]:size-3.5 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary:
          "bg-accent-solid text-on-accent hover:bg-accent-solid-hover data-disabled:bg-idle-soft data-disabled:text-faint",
        danger: "bg-bad-solid text-on-accent hover:opacity-90 data-disabled:bg-idle-soft data-disabled:text-faint",
        outline:
          "border border-line-strong bg-surface text-ink hover:bg-hover data-disabled:text-faint data-disabled:hover:bg-surface data-popup-open:bg-hover",
        ghost: "text-muted hover:bg-hover hover:text-ink data-disabled:text-faint data-popup-open:bg-hover",
      },
      size: {
        md: "h-8 px-3 text-sm",
        sm: "h-7 px-2.5 text-xs",
        icon: "size-7",
      },
    },
    defaultVariants: { look: "outline", size: "md" },
  },
);

type Looks = VariantProps<typeof buttonStyle> & { readonly className?: string };

export type ButtonProps = Omit<ComponentProps<typeof BaseButton>, "className"> &
  Looks & {
    /** It runs at the moment: pressed again, nothing happens. */
    readonly isBusy?: boolean;
    /** Why it cannot be pressed. It stays visible and reachable by keyboard, and says so. */
    readonly blockedBecause?: string | undefined;
  };

export function Button({
  look,
  size,
  className,
  type = "button",
  isBusy = false,
  blockedBecause,
  disabled = false,
  children,
  ...props
}: ButtonProps) {
  const isBlocked = blockedBecause !== undefined;
  return (
    <BaseButton
      aria-busy={isBusy || undefined}
      className={cn(buttonStyle({ look, size }), className)}
      disabled={disabled || isBlocked || isBusy}
      focusableWhenDisabled={isBlocked || isBusy}
      type={type}
      {...props}
      {...(isBlocked ? { title: blockedBecause } : {})}
    >
      {children}
      {isBlocked ? <span className="sr-only">({blockedBecause})</span> : null}
    </BaseButton>
  );
}

export type ButtonLinkProps = Omit<ComponentProps<typeof Link>, "className"> & Looks;

/** Goes somewhere, and looks like a button. */
export function ButtonLink({ look, size, className, ...props }: ButtonLinkProps) {
  return <Link className={cn(buttonStyle({ look, size }), className)} {...props} />;
}
