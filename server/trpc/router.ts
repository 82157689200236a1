import { accounts } from "./routers/accounts.ts";
import { alerts } from "./routers/alerts.ts";
import { apiKeys } from "./routers/api-keys.ts";
import { audit } from "./routers/audit.ts";
import { bin } from "./routers/bin.ts";
import { consumers } from "./routers/consumers.ts";
import { events } from "./routers/events.ts";
import { live } from "./routers/live.ts";
import { operations } from "./routers/operations.ts";
import { parked } from "./routers/parked.ts";
import { positions } from "./routers/positions.ts";
import { roles } from "./routers/roles.ts";
import { setup } from "./routers/setup.ts";
import { state } from "./routers/state.ts";
import { overview, session, system } from "./routers/system.ts";
import { topics } from "./routers/topics.ts";
import { router } from "./trpc.ts";

export const appRouter = router({
  topics,
  events,
  consumers,
  positions,
  parked,
  operations,
  accounts,
  state,
  bin,
  apiKeys,
  roles,
  alerts,
  audit,
  setup,
  session,
  system,
  overview,
  live,
});

/** The one thing that pages know of the server. */
export type AppRouter = typeof appRouter;
