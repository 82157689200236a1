import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { ask, client, removeTopic, serverUrl, uniqueName } from "./support/api.ts";
import { type FaultyConsumer, faultyConsumer } from "./support/faulty-consumer.ts";

const topic = uniqueName("axe");
const consumer = uniqueName("axe");
let faulty: FaultyConsumer;
let fingerprint: string;
let operation: string;
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
const PAGES: readonly (readonly [name: string, path: () => string])[] = [
  ["the overview", () => "/"],
  ["topics", () => "/topics"],
  ["a topic", () => `/topics/${topic}`],
  ["the event browser", () => `/topics/${topic}/events?offset=1`],
  ["an event", () => `/topics/${topic}/events/1`],
  ["consumers", () => "/consumers"],
  ["a consumer", () => `/consumers/${consumer}`],
  ["a consumer's positions", () => `/consumers/${consumer}?tab=positions`],
  ["what a consumer has parked", () => `/consumers/${faulty.consumer}?tab=parked`],
  ["a consumer with nothing parked", () => `/consumers/${consumer}?tab=parked`],
  ["a consumer's state", () => `/consumers/${consumer}?tab=state`],
  ["a consumer's history", () => `/consumers/${consumer}?tab=history`],
  ["a consumer's settings", () => `/consumers/${consumer}?tab=settings`],
  ["moving a position", () => `/consumers/${consumer}?move=true`],
  ["dead letters", () => "/dead-letters"],
  ["a kind of dead letters", () => `/dead-letters/${fingerprint}?consumer=${faulty.consumer}`],
  ["a sequence", () => `/dead-letters/sequences/${faulty.consumer}/${faulty.topic}/a`],
  ["a sequence that is free", () => `/dead-letters/sequences/${faulty.consumer}/${faulty.topic}/b`],
  ["discarded letters", () => `/dead-letters/discarded?consumer=${faulty.consumer}`],
  ["operations", () => "/operations"],
  ["an operation", () => `/operations/${operation}`],
  ["alerts", () => "/alerts"],
  ["an alert rule", () => "/alerts?rule=behind"],
  ["the audit", () => "/audit"],
  ["the bin", () => "/bin"],
  ["settings", () => "/settings"],
  ["the API reference", () => "/docs"],
  ["a group of the API reference", () => "/docs/parked-events"],
  ["the list of problems", () => "/docs/problems"],
];

test.beforeAll(async () => {
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.publish(topic, [{ type: "a", key: "k", data: { n: 1 } }, { type: "b" }]);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });

  // Something in the bin.
  const binned = uniqueName("axe");
  await millrace.declareTopic(binned);
  await removeTopic(binned);

  // A dead letter, one discarded, and an operation that is over.
  faulty = await faultyConsumer("the ledger is closed", () => true);
  await faulty.publish(["a", "a", "b"].map((key) => ({ type: "paid", key })));
  await expect.poll(faulty.parked).toMatchObject({ dead: 2, blocked: 1 });
  const of = `/consumers/${faulty.consumer}`;
  const filter = { topic: faulty.topic, key: "b" };
  operation = (await ask<{ id: string }>(`${of}/discards`, { filter, reason: "a test" })).id;
  await expect.poll(faulty.parked).toMatchObject({ dead: 1, discarded: 1 });
  const { groups } = await ask<{ groups: { fingerprint: string }[] }>(`${of}/parked/groups`);
  fingerprint = groups[0]?.fingerprint ?? "none";
});
test.afterAll(() => faulty.close());

// Both workers share the pages; each has events of its own.
test.describe.configure({ mode: "parallel" });

// One test per page, so that each has its own time and its own name in the report.
for (const [name, address] of PAGES) {
  test(`${name} has no accessibility violation in either theme`, async ({ page }) => {
    test.slow();
    const path = address();
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.goto(`${serverUrl()}${path}`);
    // An open dialog hides the page behind it from everybody.
    await expect(page.getByRole("heading", { level: 1 }).or(page.getByRole("dialog")).first()).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    expect(await violations(new AxeBuilder({ page }))).toEqual([]);
    // The theme is `color-scheme` alone (app/globals.css): the other one differs in its colours and in nothing else.
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await violations(new AxeBuilder({ page }).withRules(COLOUR_RULES))).toEqual([]);
    // On a phone every wide table scrolls, and the keyboard has to reach it there, too.
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await violations(new AxeBuilder({ page }).withRules("scrollable-region-focusable"))).toEqual([]);
  });
}

async function violations(axe: AxeBuilder): Promise<string[]> {
  const found = await axe.analyze();
  return found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}
