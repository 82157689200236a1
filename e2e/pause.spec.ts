import { expect, test } from "@playwright/test";
import { ConsumerPage } from "./pages/consumer-page.ts";
import { RoomPage } from "./pages/room-page.ts";
import { countingConsumer } from "./support/counting-consumer.ts";

test("a paused consumer's member is given nothing, and everything once it is resumed", async ({ page }) => {
  const counting = await countingConsumer();
  try {
    const { consumer, handled } = counting;
    await counting.publish(3);
    await expect.poll(() => handled.length).toBe(3);
    const connectedAt = await counting.connectedAt();
    const room = new RoomPage(page);
    const it = await ConsumerPage.open(room, consumer);
    await it.press("Pause");
    const stop = it.dialog().getByRole("button", { name: "Stop delivering to 1 member" });
    await expect(stop).toBeDisabled();
    await it.fill("Reason", "the ledger is closed");
    await stop.click();
    await it.expectStatus("Paused");
    await expect(page.getByRole("status").filter({ hasText: "the ledger is closed" })).toBeVisible();

    await counting.publish(4);
    // The page says that they wait; by then they would have been delivered.
    await expect(page.getByRole("definition").filter({ hasText: /^4$/ }).first()).toBeVisible();
    expect(handled).toHaveLength(3);

    await it.press("Resume");
    await it.fill("Reason", "the ledger is open");
    await it.confirm(`Resume ${consumer}`);
    await expect.poll(() => handled).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await it.expectStatus("Healthy");
    expect(await counting.connectedAt()).toBe(connectedAt);
  } finally {
    await counting.close();
  }
});
