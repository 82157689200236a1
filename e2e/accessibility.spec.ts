import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { LoginPage } from "./pages/login-page.ts";
import { client, uniqueName } from "./support/api.ts";

const topic = uniqueName("axe");
const consumer = uniqueName("axe");
const PAGES = [
  "/",
  "/topics",
  `/topics/${topic}`,
  `/topics/${topic}/events?offset=1`,
  "/consumers",
  `/consumers/${consumer}`,
  "/audit",
  "/settings",
  "/docs",
  "/docs/problems",
];

test.beforeAll(async () => {
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.publish(topic, [{ type: "a", key: "k", data: { n: 1 } }, { type: "b" }]);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`no page has an accessibility violation, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(120_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const room = await (await LoginPage.open(page)).signIn();
    for (const path of PAGES) {
      await page.goto(new URL(path, room.page.url()).href);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map((it) => `${path} ${it.id}: ${it.nodes.map((node) => node.target.join(" ")).join(", ")}`),
      ).toEqual([]);
    }
  });
}
