import { expect, test } from "@playwright/test";
import { RoomPage } from "./pages/room-page.ts";
import { client, serverUrl, uniqueName } from "./support/api.ts";
import { API_KEY } from "./support/global-setup.ts";

test("a topic is created in the dialog, and what is published to it shows without a reload", async ({ page }) => {
  const topic = uniqueName("orders");
  const room = new RoomPage(page);
  await room.open("/");
  await room.goTo("Topics");
  await page.getByRole("button", { name: "Create topic" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Not A Name");
  await dialog.getByRole("button", { name: /create/i }).click();
  await expect(dialog.getByText(/lower-case letters/)).toBeVisible();
  await dialog.getByLabel("Name").fill(topic);
  await dialog.getByRole("button", { name: /create/i }).click();
  await expect(dialog).toHaveCount(0);
  await room.open(`/topics?q=${topic}`);
  const row = page.getByRole("row").filter({ hasText: topic });
  await expect(row).toBeVisible();
  await client().publish(topic, [{ type: "a" }, { type: "a" }, { type: "a" }]);
  await expect(row.getByRole("cell", { name: "3", exact: true }).first()).toBeVisible();
});

test("an event's numbers are shown exactly as they were sent", async ({ page }) => {
  const topic = uniqueName("exact");
  await client().declareTopic(topic);
  const room = new RoomPage(page);
  await publishText(topic, '{"type":"t","key":"k1","data":{"big":9007199254740993,"price":1.10}}');
  await publishText(topic, '{"type":"t","key":"k2","data":{"second":true}}');
  await room.open(`/topics/${topic}/events`);
  await page.getByText('{"big":9007199254740993,"price":1.10}').click();
  const sheet = page.getByRole("region", { name: "Event 1" });
  await expect(sheet.getByText("9007199254740993")).toBeVisible();
  await expect(sheet.getByText("1.10")).toBeVisible();
  await page.keyboard.press("[");
  await expect(page.getByRole("region", { name: "Event 2" })).toBeVisible();
});

/** The body as it stands, which no JSON library would keep. */
async function publishText(topic: string, body: string): Promise<void> {
  const answer = await fetch(`${serverUrl()}/v1/topics/${topic}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body,
  });
  expect(answer.status).toBe(201);
}
