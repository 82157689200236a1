import { cva } from "class-variance-authority";

/** How a button looks; for links that lead like one. */
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
