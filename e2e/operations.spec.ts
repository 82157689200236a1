import { expect, test } from "@playwright/test";
import { DeadLettersPage } from "./pages/dead-letters-page.ts";
import { OperationPage } from "./pages/operation-page.ts";
import { RoomPage } from "./pages/room-page.ts";
import { faultyConsumer } from "./support/faulty-consumer.ts";

test("a redrive shows its progress on every page, is paused, resumed and aborted, and leaves the rest dead", async ({
  page,
}) => {
  const faulty = await faultyConsumer("the mail server is away", () => true);
  try {
    const { consumer } = faulty;
    await faulty.publish(Array.from({ length: 40 }, (_, n) => ({ type: "mail", key: `k${n}` })));
    await expect.poll(faulty.parked).toMatchObject({ dead: 40 });
    faulty.cure();

    const room = new RoomPage(page);
    const letters = await DeadLettersPage.open(room, consumer);
    await letters.openKind("the mail server is away");
    await page.getByRole("button", { name: "Redrive 40" }).click();
    await page.getByRole("dialog").getByLabel("At most, per second").fill("1");
    await letters.confirm({ confirm: `Redrive 40 letters of ${consumer}`, reason: "it is back" });
    const operation = await letters.showProgress();
    await operation.expectStatus("Running");
    await operation.press("Pause");
    await operation.expectStatus("Paused");

    const tray = page.getByRole("region", { name: "Operations under way" });
    await room.goTo("Topics");
    const inTray = tray.getByRole("link").filter({ hasText: consumer });
    await expect(inTray).toContainText("paused");
    await inTray.click();
    await operation.press("Resume");
    await operation.expectStatus("Running");
    await operation.press("Abort");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Abort with \d+ events left$/ })
      .click();
    await operation.expectStatus("Aborted");
    await expect(page.getByRole("button", { name: /^Pause/ })).toBeDisabled();
    await expect.poll(async () => (await faulty.parked()).retrying).toBe(0);
    expect((await faulty.parked()).dead).toBe(40 - faulty.handled.length);
    expect(faulty.handled.length).toBeLessThan(40);
  } finally {
    await faulty.close();
  }
});

test("a replay says how many events it runs again, delivers them in order, and leaves the position alone", async ({
  page,
}) => {
  const faulty = await faultyConsumer("never", () => false);
  try {
    const { consumer, topic } = faulty;
    await faulty.publish(Array.from({ length: 12 }, (_, n) => ({ type: n % 2 === 0 ? "even" : "odd", key: "k" })));
    await expect.poll(() => faulty.handled.length).toBe(12);

    const room = new RoomPage(page);
    await room.open(`/consumers/${consumer}`);
    await page.getByRole("button", { name: "Replay", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("From offset").fill("3");
    await dialog.getByLabel("Types").fill("even");
    await dialog.getByLabel("Reason").fill("the report was wrong");
    await dialog.getByRole("button", { name: `Run 5 events again for ${consumer}` }).click();
    await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}$/);
    const operation = new OperationPage(page);
    await operation.expectStatus("Done");
    await operation.expectFigure("Settled", "5");
    expect(faulty.handled.slice(12).map((it) => it.offset)).toEqual([3, 5, 7, 9, 11]);
    expect(faulty.handled.slice(12).every((it) => it.isReplay)).toBe(true);
    await room.open(`/topics/${topic}`);
    await expect(page.getByRole("row").filter({ hasText: consumer }).getByRole("cell", { name: "12" })).toBeVisible();
  } finally {
    await faulty.close();
  }
});
