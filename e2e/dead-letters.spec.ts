import { expect, test } from "@playwright/test";
import { DeadLettersPage } from "./pages/dead-letters-page.ts";
import { RoomPage } from "./pages/room-page.ts";
import { faultyConsumer } from "./support/faulty-consumer.ts";

test("a poisoned key is held while the others go on; cured and redriven, its sequence is settled in order", async ({
  page,
}) => {
  const faulty = await faultyConsumer("the core bank does not know the account", ({ key }) => key === "acct-3");
  try {
    const { consumer } = faulty;
    await faulty.publish(Array.from({ length: 20 }, (_, n) => ({ type: "paid", key: `acct-${n % 5}`, data: { n } })));
    await expect.poll(() => faulty.handled.length).toBe(16);
    await expect.poll(faulty.parked).toMatchObject({ dead: 1, blocked: 3 });

    const room = new RoomPage(page);
    const letters = await DeadLettersPage.open(room, consumer);
    const row = letters.kind("does not know the account");
    await expect(row.getByRole("cell").nth(1)).toHaveText(consumer);
    await expect(row.getByRole("cell").nth(2)).toHaveText("1");
    await expect(row.getByRole("cell").nth(5)).toHaveText("3");
    await letters.openKind("does not know the account");
    await letters.openSequence("acct-3");
    await expect(page.getByRole("table", { name: "Followers" }).getByRole("row")).toHaveCount(1 + 3);
    await expect(page.getByRole("table", { name: "Attempts" }).getByText("the core bank")).toBeVisible();

    faulty.cure();
    await page.goBack();
    await letters.use("Redrive 1", { confirm: `Redrive 1 letter of ${consumer}`, reason: "the account is known now" });
    const operation = await letters.showProgress();
    await operation.expectStatus("Done");
    await operation.expectFigure("Settled", "1");
    await operation.expectFigure("Failed again", "0");
    await expect.poll(() => faulty.handled.length).toBe(20);
    expect(faulty.handled.filter((it) => it.key === "acct-3").map((it) => it.offset)).toEqual([4, 9, 14, 19]);
    await room.open(`/dead-letters?consumer=${consumer}`);
    await expect(page.getByText(/No failure matches|Nothing has failed/)).toBeVisible();
  } finally {
    await faulty.close();
  }
});

test("a discarded head lets its key go on, and can be restored", async ({ page }) => {
  const faulty = await faultyConsumer("the amount is not a number", ({ type }) => type === "broken");
  try {
    const { consumer, topic } = faulty;
    await faulty.publish(["broken", "paid", "paid"].map((type) => ({ type, key: "acct-1" })));
    await expect.poll(faulty.parked).toMatchObject({ dead: 1, blocked: 2 });
    expect(faulty.handled).toEqual([]);

    const room = new RoomPage(page);
    await room.open(`/dead-letters/sequences/${consumer}/${topic}/acct-1`);
    const letters = new DeadLettersPage(room);
    await letters.use("Discard the head", { confirm: `Discard 1 letter of ${consumer}`, reason: "a test payment" });
    await expect(page.getByText("Nothing of this key is parked").first()).toBeVisible();
    await expect.poll(() => faulty.handled.map((it) => it.offset)).toEqual([2, 3]);
    await expect(page.getByText("a test payment")).toBeVisible();

    await room.open(`/dead-letters/discarded?consumer=${consumer}`);
    await letters.use("Restore 1", { confirm: `Restore 1 letter of ${consumer}`, reason: "it was a real one" });
    await expect.poll(faulty.parked).toMatchObject({ dead: 1, discarded: 0 });

    faulty.cure();
    await room.open(`/dead-letters/sequences/${consumer}/${topic}/acct-1`);
    await letters.use("Retry the head now", { confirm: `Redrive 1 letter of ${consumer}`, reason: "cured" });
    await expect.poll(() => faulty.handled.map((it) => it.offset)).toEqual([2, 3, 1]);
    await expect(page.getByText("Nothing of this key is parked").first()).toBeVisible();
  } finally {
    await faulty.close();
  }
});
