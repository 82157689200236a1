import {
  Bell,
  Database,
  LayoutDashboard,
  ListChecks,
  type LucideIcon,
  MailWarning,
  Radio,
  ScrollText,
  Settings,
  Trash2,
} from "lucide-react";

export interface Place {
  readonly href: string;
  readonly label: string;
  readonly icon: LucideIcon;
  /** The second key after `g`. */
  readonly key: string;
}

/** The pages of the left navigation, in order. */
export const PLACES: readonly Place[] = [
  { href: "/", label: "Overview", icon: LayoutDashboard, key: "o" },
  { href: "/topics", label: "Topics", icon: Database, key: "t" },
  { href: "/consumers", label: "Consumers", icon: Radio, key: "c" },
  { href: "/dead-letters", label: "Dead letters", icon: MailWarning, key: "d" },
  { href: "/operations", label: "Operations", icon: ListChecks, key: "p" },
  { href: "/alerts", label: "Alerts", icon: Bell, key: "l" },
  { href: "/audit", label: "Audit", icon: ScrollText, key: "a" },
  { href: "/bin", label: "Bin", icon: Trash2, key: "b" },
  { href: "/settings", label: "Settings", icon: Settings, key: "s" },
];

export function isAt(path: string, place: Place): boolean {
  return place.href === "/" ? path === "/" : path === place.href || path.startsWith(`${place.href}/`);
}
