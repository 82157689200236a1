import { defineConfig } from "prisma/config";

// The command line's settings only. The running server connects by `server/store/database.ts` and applies
// `prisma/migrations` itself (server/store/migrate.ts), so that a start never needs Prisma's engine download.
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://127.0.0.1:5432/millrace" },
});
