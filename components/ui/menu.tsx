"use client";

import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";
import { MENU_ITEM, MENU_POPUP } from "./menu-classes.ts";

export function Menu(props: ComponentProps<typeof Base.Root>) {
  return <Base.Root modal={false} {...props} />;
}

/** Opens it: `render={<Button …/>}`, or its own classes. */
export const MenuTrigger = Base.Trigger;
export const MenuGroup = Base.Group;
export const MenuRadioGroup = Base.RadioGroup;

interface MenuContentProps {
  readonly align?: "start" | "center" | "end";
  readonly side?: "top" | "bottom" | "left" | "right";
  readonly className?: string;
  readonly children: ReactNode;
}

export function MenuContent({ align = "start", side = "bottom", className, children }: MenuContentProps) {
  return (
    <Base.Portal>
      <Base.Positioner align={align} className="z-50 outline-none" side={side} sideOffset={4}>
        <Base.Popup className={cn(MENU_POPUP, className)}>{children}</Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}

type ItemProps = Omit<ComponentProps<typeof Base.Item>, "className"> & { readonly isDanger?: boolean };

export function MenuItem({ isDanger = false, ...props }: ItemProps) {
  return <Base.Item className={cn(MENU_ITEM, isDanger && "text-bad")} {...props} />;
}

/** One of several; the present one is ticked. Stands in a MenuRadioGroup. */
export function MenuRadioItem({ children, ...props }: Omit<ComponentProps<typeof Base.RadioItem>, "className">) {
  return (
    <Base.RadioItem className={MENU_ITEM} closeOnClick {...props}>
      <span className="flex-1">{children}</span>
      <Base.RadioItemIndicator>
        <Check aria-hidden="true" />
      </Base.RadioItemIndicator>
    </Base.RadioItem>
  );
}

/** Names the MenuGroup or MenuRadioGroup it stands in. */
export function MenuLabel({ children }: { children: ReactNode }) {
  return <Base.GroupLabel className="px-2 pt-1 pb-0.5 font-medium text-2xs text-faint">{children}</Base.GroupLabel>;
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />;
}
