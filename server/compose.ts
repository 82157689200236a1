import { randomUUID } from "node:crypto";
import { openAccess } from "./auth/access.ts";
import { createPasswords } from "./auth/password.ts";
import { createBinPurge } from "./engine/bin-purge.ts";
import { createDatabaseHealth, type DatabaseHealthOptions } from "./engine/database-health.ts";
import { watchAlerts } from "./engine/insight/alert-watch.ts";
import { createDatabaseFigures } from "./engine/insight/database-figures.ts";
import { createSampler } from "./engine/insight/sampler.ts";
import { takeVitals } from "./engine/insight/vitals.ts";
import { createMembers } from "./engine/members/members.ts";
import { startOperationRunner } from "./engine/operations/runner.ts";
import { createFilterPasses } from "./engine/partitions/filter-passes.ts";
import { createAppender } from "./engine/topics/appender.ts";
import { createTopicDirectory } from "./engine/topics/directory.ts";
import { createTopicReaders } from "./engine/topics/readers.ts";
import { createRetention } from "./engine/topics/retention.ts";
import { createWakeups } from "./engine/wakeups.ts";
import type { Log } from "./log.ts";
import { accessUseCases } from "./services/access-use-cases.ts";
import { createMatchingCounts } from "./services/insight/count-matching.ts";
import { openReader } from "./services/topics/open-reader.ts";
import { allUseCases } from "./services/use-cases.ts";
import type { DatabaseBounds } from "./store/bounded-client.ts";
import { openDatabase } from "./store/database.ts";

export interface ComposeOptions {
  readonly databaseUrl: string;
  readonly maxConnections: number;
  readonly log: Log;
  /** Where the tables are. */
  readonly schema?: string;
  readonly bounds?: Partial<DatabaseBounds>;
  readonly health?: DatabaseHealthOptions;
  /** `MILLRACE_ADMIN_EMAIL` and `MILLRACE_ADMIN_PASSWORD`. */
  readonly admin?: { readonly email: string; readonly password: string };
  /** `MILLRACE_API_KEY`. */
  readonly apiKey?: string;
}

export type Parts = Awaited<ReturnType<typeof compose>>;

/** Everything below the network, wired together on a migrated database. `close` drains and stops it, in order. */
export async function compose(options: ComposeOptions) {
  const { log } = options;
  const onError = (error: unknown) => log("error", "something failed in the background", { error });
  const { databaseUrl: url, maxConnections, bounds = {}, schema } = options;
  const database = openDatabase({ url, maxConnections, onError, bounds, ...(schema !== undefined && { schema }) });
  const instance = randomUUID();
  const wakeups = createWakeups(database, { onError, instance });
  const topicReaders = createTopicReaders(database, { wakeups, onError });
  const health = createDatabaseHealth(database, options.health);
  const appender = createAppender(database, {
    wakeups,
    onError,
    onCommitted: (batch) => topicReaders.handOver(batch),
    onUnavailable: health.suspect,
  });
  const topics = createTopicDirectory(database, { wakeups });
  const members = createMembers({ database, topicReaders, wakeups, instance, onError });

  const services = allUseCases({ database, wakeups, topics, topicReaders, appender, members });
  const passwords = createPasswords();
  const access = await openAccess({
    useCases: accessUseCases({ database, wakeups, hashPassword: passwords.hash }),
    passwords,
    prisma: database.prisma,
    wakeups,
    onError,
    onWarning: (message) => log("warn", message),
    ...(options.admin === undefined ? {} : { admin: options.admin }),
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
  });

  const { of: countMatching } = createMatchingCounts(database);
  const figures = createDatabaseFigures(database.patient, { health, countMatching, onError });
  const operations = startOperationRunner({ database, wakeups, instance, onError });
  const sampler = createSampler(database, {
    onError,
    async onSampled(at) {
      await watchAlerts(database, at);
      await services.tellAlerts();
    },
  });
  const retention = createRetention(database, { onError });
  const filterPasses = createFilterPasses(database, { onError });
  const binPurge = createBinPurge(database, { onError });

  return {
    services,
    access,
    members,
    topicReaders,
    openReader: openReader({ database, topics, topicReaders }),
    health,
    figures,
    vitals: () => takeVitals({ database, appender, members, wakeups }),
    async close() {
      // Callers first, what they stand on last: the appender answers everybody before the database goes.
      await Promise.allSettled([
        appender.close(),
        members.close(),
        operations.close(),
        sampler.close(),
        retention.close(),
        filterPasses.close(),
        figures.close(),
        binPurge.close(),
      ]);
      await Promise.allSettled([topicReaders.close(), access.close()]);
      await wakeups.close();
      await database.close();
    },
  };
}
