import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { LoginPage } from "./pages/login-page.ts";
import { ask, client, uniqueName } from "./support/api.ts";
import { type FaultyConsumer, faultyConsumer } from "./support/faulty-consumer.ts";

const topic = uniqueName("axe");
const consumer = uniqueName("axe");
const PAGES = [
  "/",
  "/topics",
  `/topics/${topic}`,
  `/topics/${topic}/events?offset=1`,
  `/topics/${topic}/events/1`,
  "/consumers",
  `/consumers/${consumer}`,
  `/consumers/${consumer}?tab=positions`,
  `/consumers/${consumer}?tab=parked`,
  `/consumers/${consumer}?tab=state`,
  `/consumers/${consumer}?tab=history`,
  `/consumers/${consumer}?tab=settings`,
  `/consumers/${consumer}?move=true`,
  "/audit",
  "/settings",
  "/docs",
  "/docs/problems",
];

let faulty: FaultyConsumer;
/** Of a consumer with a dead letter, one discarded, and an operation that is over. */
const operatorPages: string[] = [];

test.beforeAll(async () => {
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.publish(topic, [{ type: "a", key: "k", data: { n: 1 } }, { type: "b" }]);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });

  faulty = await faultyConsumer("the ledger is closed", () => true);
  await faulty.publish(["a", "a", "b"].map((key) => ({ type: "paid", key })));
  await expect.poll(faulty.parked).toMatchObject({ dead: 2, blocked: 1 });
  const of = `/consumers/${faulty.consumer}`;
  const filter = { topic: faulty.topic, key: "b" };
  const { id } = await ask<{ id: string }>(`${of}/discards`, { filter, reason: "a test" });
  await expect.poll(faulty.parked).toMatchObject({ dead: 1, discarded: 1 });
  const { groups } = await ask<{ groups: { fingerprint: string }[] }>(`${of}/parked/groups`);
  operatorPages.push(
    "/dead-letters",
    `/dead-letters/${groups[0]?.fingerprint}?consumer=${faulty.consumer}`,
    `/dead-letters/sequences/${faulty.consumer}/${faulty.topic}/a`,
    `/dead-letters/sequences/${faulty.consumer}/${faulty.topic}/b`,
    `/dead-letters/discarded?consumer=${faulty.consumer}`,
    `${of}?tab=parked`,
    "/operations",
    `/operations/${id}`,
  );
});
test.afterAll(() => faulty.close());

for (const colorScheme of ["light", "dark"] as const) {
  test(`no page has an accessibility violation, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const room = await (await LoginPage.open(page)).signIn();
    for (const path of [...PAGES, ...operatorPages]) {
      await page.goto(new URL(path, room.page.url()).href);
      // An open dialog hides the page behind it from everybody.
      await expect(page.getByRole("heading", { level: 1 }).or(page.getByRole("dialog")).first()).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map((it) => `${path} ${it.id}: ${it.nodes.map((node) => node.target.join(" ")).join(", ")}`),
      ).toEqual([]);
    }
  });
}
