import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

// Without this, `text-2xs` would count as a colour and be dropped beside `text-muted`.
const twMerge = extendTailwindMerge({ extend: { theme: { text: ["2xs"] } } });

/** Joins classes; of two that contradict each other, the later one stays. */
export function cn(...classes: ClassValue[]): string {
  return twMerge(clsx(classes));
}
