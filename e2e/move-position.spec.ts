import { expect, test } from "@playwright/test";
import type { PositionPlan } from "../server/contract/position-changes.ts";
import { ConsumerPage } from "./pages/consumer-page.ts";
import { RoomPage } from "./pages/room-page.ts";
import { ask } from "./support/api.ts";
import { countingConsumer } from "./support/counting-consumer.ts";

test("a position is moved after a preview in numbers, while its member stays connected", async ({ page }) => {
  const counting = await countingConsumer();
  try {
    const { consumer, handled } = counting;
    await counting.publish(25);
    await expect.poll(counting.position).toBe(25);
    const connectedAt = await counting.connectedAt();
    const room = new RoomPage(page);
    const it = await ConsumerPage.open(room, consumer);
    await it.press("Move position");
    await it.confirm("Preview");
    await expect(it.dialog().getByText("Delivered again")).toBeVisible();
    await expect(it.dialog().getByRole("button", { name: `Run 25 events again for ${consumer}` })).toBeDisabled();
    await it.fill("Reason", "a bug is fixed");
    await it.confirm(`Run 25 events again for ${consumer}`);
    await expect(it.dialog().getByText("Position moved: 25 events queued again")).toBeVisible();
    await expect.poll(() => handled.length).toBe(50);
    expect(handled.slice(25)).toEqual(handled.slice(0, 25));
    expect(await counting.connectedAt()).toBe(connectedAt);
  } finally {
    await counting.close();
  }
});

test("skipping events asks for the consumer's name, and its undo brings them back", async ({ page }) => {
  const counting = await countingConsumer();
  try {
    const { consumer, handled, topic } = counting;
    await counting.publish(10);
    await expect.poll(counting.position).toBe(10);
    const room = new RoomPage(page);
    const it = await ConsumerPage.open(room, consumer);
    await it.press("Pause");
    await it.fill("Reason", "to look at what comes");
    await it.confirm(/^Stop delivering/);
    await it.expectStatus("Paused");
    await counting.publish(5);

    await ConsumerPage.open(room, consumer, "?move=true&move-to=latest");
    await it.confirm("Preview");
    const skip = it.dialog().getByRole("button", { name: `Skip 5 events for ${consumer}` });
    await it.fill("Reason", "they are test orders");
    await expect(skip).toBeDisabled();
    await it.fill(`Type ${consumer} to confirm`, consumer);
    await skip.click();
    await expect(it.dialog().getByText("Position moved: 5 events skipped")).toBeVisible();
    await expect.poll(counting.position).toBe(15);
    await room.open(`/topics/${topic}/events/13`);
    await expect(page.getByRole("row").filter({ hasText: consumer }).getByText("Skipped")).toBeVisible();

    await ConsumerPage.open(room, consumer, "?tab=history");
    await page.getByRole("button", { name: "Undo" }).first().click();
    await it.fill("Reason", "they were real");
    await it.confirm(`Undo for ${consumer}`);
    await expect.poll(counting.position).toBe(10);
    await expect(page.getByRole("table", { name: "Position changes" }).getByText(/^undone/)).toBeVisible();
    expect(handled).toHaveLength(10);
    await it.press("Resume");
    await it.fill("Reason", "all is well");
    await it.confirm(`Resume ${consumer}`);
    await expect.poll(() => handled.slice(10)).toEqual([11, 12, 13, 14, 15]);
  } finally {
    await counting.close();
  }
});

test("a plan that another change has overtaken is not applied: the fresh one says what is different", async ({
  page,
}) => {
  const counting = await countingConsumer();
  try {
    const { consumer, handled } = counting;
    await counting.publish(10);
    await expect.poll(counting.position).toBe(10);
    const room = new RoomPage(page);
    const it = await ConsumerPage.open(room, consumer, "?move=true&move-to=earliest");
    await it.confirm("Preview");
    await expect(it.dialog().getByRole("button", { name: "Run 10 events again" })).toBeVisible();
    await counting.publish(3);
    await expect.poll(counting.position).toBe(13);
    const { id: planId, token } = await ask<PositionPlan>(`/consumers/${consumer}/position-plans`, {
      target: { to: "shift", by: -1 },
    });
    await ask(`/consumers/${consumer}/position-changes`, { planId, token, reason: "another operator's" });
    await expect.poll(() => handled.length).toBe(14);
    await it.fill("Reason", "a bug is fixed");
    await it.confirm("Run 10 events again");
    await expect(it.dialog().getByText("run again 10 → 13")).toBeVisible();
    expect(handled).toHaveLength(14);
    await it.confirm("Run 13 events again");
    await expect.poll(() => handled.length).toBe(27);
  } finally {
    await counting.close();
  }
});
