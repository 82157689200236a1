import { expect, test } from "@playwright/test";
import { RoomPage } from "./pages/room-page.ts";
import { client } from "./support/api.ts";
import { faultyConsumer } from "./support/faulty-consumer.ts";

test("an event's page says what became of it for every consumer, and leads to the reason", async ({ page }) => {
  const faulty = await faultyConsumer("no such account", ({ key }) => key === "acct-1");
  try {
    const { topic, consumer } = faulty;
    const asleep = `${consumer}-asleep`;
    const picky = `${consumer}-picky`;
    await client().declareConsumer(asleep, { topics: [{ topic }] });
    await client().declareConsumer(picky, { topics: [{ topic, types: ["refunded"] }] });
    await faulty.publish(["acct-1", "acct-1", "acct-2"].map((key) => ({ type: "paid", key, data: { key } })));
    await expect.poll(faulty.parked).toMatchObject({ dead: 1, blocked: 1 });
    await expect.poll(() => faulty.handled.length).toBe(1);

    const room = new RoomPage(page);
    await room.open(`/topics/${topic}/events?event=2`);
    await page.getByRole("link", { name: "Fate" }).click();
    const fate = (name: string) =>
      page
        .getByRole("table", { name: "Fates" })
        .getByRole("row")
        .filter({ has: page.getByRole("link", { name, exact: true }) })
        .getByRole("cell");
    await expect(fate(consumer).nth(1)).toHaveText("Blocked");
    await expect(fate(asleep).nth(1)).toHaveText("Pending");
    await expect(fate(picky).nth(1)).toHaveText("Filtered");
    await page.getByRole("link", { name: "Next event 3" }).click();
    await expect(fate(consumer).nth(1)).toHaveText("Settled");
    await page.getByRole("link", { name: "Previous event 2" }).click();
    await page.getByRole("link", { name: "Previous event 1" }).click();
    await expect(fate(consumer).nth(1)).toHaveText("Dead");
    await fate(consumer).nth(2).getByRole("link").click();
    await expect(page).toHaveURL(new RegExp(`/dead-letters/sequences/${consumer}/${topic}/acct-1`));
    await expect(page.getByText("no such account").first()).toBeVisible();
  } finally {
    await faulty.close();
  }
});
