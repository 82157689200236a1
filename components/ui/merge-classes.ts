import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({
  extend: { classGroups: { "font-size": [{ text: ["2xs"] }], shadow: [{ shadow: ["pop", "sheet"] }] } },
});

/** Class names in one text; of two that say the same thing, the later one holds. */
export const mergeClasses = (...classes: readonly ClassValue[]): string => merge(clsx(...classes));
