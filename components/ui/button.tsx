"use client";

import { Button as BaseButton } from "@base-ui/react/button";
import type { VariantProps } from "class-variance-authority";
import Link from "next/link";
import type { ComponentProps } from "react";
import { buttonStyle } from "./button-style.ts";
import { cn } from "./class-names.ts";

type Looks = VariantProps<typeof buttonStyle> & { readonly className?: string };

export type ButtonProps = Omit<ComponentProps<typeof BaseButton>, "className"> &
  Looks & {
    /** The action runs at the moment: pressed again, nothing happens. */
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
  onClick,
  children,
  ...props
}: ButtonProps) {
  const isBlocked = blockedBecause !== undefined;
  const isOnce = type === "submit" || look === "danger";
  return (
    <BaseButton
      aria-busy={isBusy || undefined}
      className={cn(buttonStyle({ look, size }), className)}
      disabled={disabled || isBlocked || isBusy}
      focusableWhenDisabled={isBlocked || isBusy}
      onClick={(event) => {
        // The second click of a double click comes before a mutation says that it runs: what is written is written once.
        if (isOnce && event.detail > 1) event.preventDefault();
        else onClick?.(event);
      }}
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
