/** The looks of a list that pops up: menus, selects, the palette. */
export const MENU_POPUP =
  "z-50 min-w-40 origin-(--transform-origin) rounded-lg bg-raised p-1 text-ink text-sm shadow-pop outline-none transition-[opacity,scale] duration-100 data-ending-style:opacity-0 data-starting-style:scale-98 data-starting-style:opacity-0";

export const MENU_ITEM =
  "flex min-h-7 cursor-default select-none items-center gap-2 rounded-sm px-2 py-1 outline-none data-disabled:text-faint data-highlighted:bg-hover [&_svg]:size-3.5 [&_svg]:shrink-0";
