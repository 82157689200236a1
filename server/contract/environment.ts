import { z } from "zod";
import { freeText } from "./names.ts";

/** The name of this installation, and the colour that makes it unmistakable. */
export const environment = z.strictObject({
  name: freeText.trim().min(1, "must not be empty").max(40),
  colour: z.enum(["gray", "blue", "green", "amber", "red"]),
});
export type Environment = z.infer<typeof environment>;

/** `POST` by the set-up page, once: the first administrator and the environment's name. */
export const setupRequest = z.strictObject({
  /** The one-time token of the link that the server printed. */
  token: z.string().min(1, "must not be empty").max(200),
  name: freeText.trim().min(1, "must not be empty").max(100),
  email: z.email().max(254),
  password: z.string().min(10, "must be at least 10 characters").max(128),
  environment,
});
export type SetupRequest = z.infer<typeof setupRequest>;

export const setupStatus = z.object({
  /** No administrator exists yet: go to `/setup`. */
  isNeeded: z.boolean(),
  environment,
});
export type SetupStatus = z.infer<typeof setupStatus>;

export const systemInfo = z.object({
  environment,
  version: z.string(),
  startedAt: z.string(),
});
export type SystemInfo = z.infer<typeof systemInfo>;

export const person = z.object({ id: z.string(), name: z.string(), email: z.string() });
export type Person = z.infer<typeof person>;
