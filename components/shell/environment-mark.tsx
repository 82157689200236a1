"use client";

import { useQuery } from "@tanstack/react-query";
import type { Environment } from "@/server/contract/environment.ts";
import { useApi } from "../data/api.ts";

export const ENVIRONMENT_COLOURS: Record<Environment["colour"], { token: string; hex: string }> = {
  gray: { token: "var(--env-gray)", hex: "#6b6e7a" },
  blue: { token: "var(--env-blue)", hex: "#1b74d8" },
  green: { token: "var(--env-green)", hex: "#1f9d5b" },
  amber: { token: "var(--env-amber)", hex: "#d98a0b" },
  red: { token: "var(--env-red)", hex: "#d6343a" },
};

export function useEnvironment(): Environment | undefined {
  const api = useApi();
  return useQuery(api.setup.status.queryOptions(undefined, { staleTime: 60_000 })).data?.environment;
}

/** Three strokes of falling water in the environment's colour. */
function icon(hex: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${hex}"/><path d="M7 11h11a4 4 0 0 1 4 4v10M7 16.5h7a3 3 0 0 1 3 3V25M7 22h3.5a1.5 1.5 0 0 1 1.5 1.5V25" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The tab's icon: production must be unmistakable among thirty tabs. */
export function EnvironmentIcon() {
  const environment = useEnvironment();
  return <link rel="icon" href={icon(ENVIRONMENT_COLOURS[environment?.colour ?? "gray"].hex)} />;
}

/** The tab's title, with the environment in it. */
export function PageTitle({ title }: { title: string }) {
  const environment = useEnvironment();
  const parts = [title, environment?.name, "Millrace"].filter(
    (it, index, all) => it !== undefined && it !== "" && all.indexOf(it) === index,
  );
  return <title>{parts.join(" · ")}</title>;
}

export function Logo({ className, colour }: { className?: string; colour?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className={className}>
      <rect width="32" height="32" rx="8" fill={colour ?? "var(--accent-solid)"} />
      <path
        d="M7 11h11a4 4 0 0 1 4 4v10M7 16.5h7a3 3 0 0 1 3 3V25M7 22h3.5a1.5 1.5 0 0 1 1.5 1.5V25"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  );
}
