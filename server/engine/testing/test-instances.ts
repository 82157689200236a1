import { afterEach, beforeEach } from "vitest";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { type Instance, openInstance } from "./consumer-rig.ts";

export interface TestInstances {
  open(options?: Parameters<typeof openInstance>[1]): Instance;
  /** Within a test. After it those that are left end as killed processes do. */
  close(instance: Instance, how: "drained" | "crashed"): Promise<void>;
}

/** For each test of the file that calls it: a database of its own, and instances that end with the test. */
export function testInstances(): TestInstances {
  let database: TestDatabase;
  const opened = new Set<Instance>();
  const close: TestInstances["close"] = async (instance, how) => {
    opened.delete(instance);
    await instance.close(how);
  };
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => {
    for (const it of opened) await close(it, "crashed");
    await database.drop();
  });
  return {
    open(options = {}) {
      const instance = openInstance(database.url, options);
      opened.add(instance);
      return instance;
    },
    close,
  };
}
