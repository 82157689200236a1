/** How one person likes to see things. Kept in a cookie, so that the server renders it right the first time. */
export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  readonly density: "compact" | "comfortable";
  readonly clock: "local" | "utc";
  readonly shortcuts: "on" | "off";
}

export const PREFERENCES_COOKIE = "millrace-preferences";

export const DEFAULT_PREFERENCES: Preferences = {
  theme: "system",
  density: "compact",
  clock: "local",
  shortcuts: "on",
};

const CHOICES = {
  theme: ["system", "light", "dark"],
  density: ["compact", "comfortable"],
  clock: ["local", "utc"],
  shortcuts: ["on", "off"],
} as const satisfies { [Name in keyof Preferences]: readonly Preferences[Name][] };

/** `theme.density.clock.shortcuts`; whatever is not known is the default. */
export function parsePreferences(text: string | undefined): Preferences {
  const [theme, density, clock, shortcuts] = (text ?? "").split(".");
  return {
    theme: CHOICES.theme.find((it) => it === theme) ?? DEFAULT_PREFERENCES.theme,
    density: CHOICES.density.find((it) => it === density) ?? DEFAULT_PREFERENCES.density,
    clock: CHOICES.clock.find((it) => it === clock) ?? DEFAULT_PREFERENCES.clock,
    shortcuts: CHOICES.shortcuts.find((it) => it === shortcuts) ?? DEFAULT_PREFERENCES.shortcuts,
  };
}

export function writePreferences({ theme, density, clock, shortcuts }: Preferences): string {
  return [theme, density, clock, shortcuts].join(".");
}
