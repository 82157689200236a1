import { expect, test } from "@playwright/test";
import { RoomPage } from "./pages/room-page.ts";
import { client, uniqueName } from "./support/api.ts";

test("a topic is removed with its name typed, and restored from the bin with its events and consumers", async ({
  page,
}) => {
  const topic = uniqueName("retired");
  const consumer = uniqueName("reader");
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.publish(topic, [{ type: "a" }, { type: "b" }, { type: "c" }]);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });
  const room = new RoomPage(page);
  await room.open(`/topics/${topic}`);
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: `Remove ${topic}` });
  await expect(dialog.getByText(`${consumer}; they keep their place in it`)).toBeVisible();
  const remove = dialog.getByRole("button", { name: /^Remove the topic with 3 events/ });
  await dialog.getByLabel("Reason").fill("nobody publishes to it");
  await expect(remove).toBeDisabled();
  await dialog.getByLabel(`Type ${topic} to confirm`).fill(topic);
  await remove.click();

  await expect(page.getByRole("heading", { level: 1, name: "Bin" })).toBeVisible();
  const row = page.getByRole("row").filter({ hasText: topic });
  await expect(row).toContainText("3 events");
  await expect(millrace.publish(topic, { type: "d" })).rejects.toMatchObject({ code: "topic-not-found" });
  await room.open(`/consumers/${consumer}`);
  await expect(page.getByText(`In the bin: ${topic}.`)).toBeVisible();

  await room.goTo("Bin");
  await row.getByRole("button", { name: `Restore topic ${topic}` }).click();
  const restoring = page.getByRole("dialog", { name: `Restore ${topic}` });
  await restoring.getByLabel("Reason").fill("somebody does");
  await restoring.getByRole("button", { name: /^Restore the topic with 3 events/ }).click();
  // An open dialog hides the rows: it is closed when the topic is back.
  await expect(restoring).toBeHidden();
  await expect(row).toHaveCount(0);
  expect(await millrace.publish(topic, { type: "d" })).toMatchObject([{ offset: 4 }]);
  const { topics } = await millrace.describeConsumer(consumer);
  expect(topics.map((it) => it.topic)).toEqual([topic]);
});

test("what hangs on a consumer is previewed; when something else does by then, nothing is removed and it is shown anew", async ({
  page,
}) => {
  const [topic, other, consumer] = [uniqueName("kept"), uniqueName("kept"), uniqueName("retired")];
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.declareTopic(other);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });
  const room = new RoomPage(page);
  await room.open(`/consumers/${consumer}`);
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: `Remove ${consumer}` });
  await expect(dialog.getByText(`${topic}; they stay`)).toBeVisible();
  await millrace.declareConsumer(consumer, { topics: [{ topic }, { topic: other }] });
  await dialog.getByLabel("Reason").fill("replaced");
  await dialog.getByLabel(`Type ${consumer} to confirm`).fill(consumer);
  await dialog.getByRole("button", { name: "Remove the consumer", exact: true }).click();
  await expect(dialog.getByText(/nothing was removed/)).toBeVisible();
  await expect(dialog.getByText([topic, other].sort().join(", "))).toBeVisible();
  await dialog.getByRole("button", { name: "Remove the consumer", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Bin" })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: consumer })).toBeVisible();
  await expect(millrace.describeConsumer(consumer)).rejects.toMatchObject({ code: "consumer-not-found" });
});
