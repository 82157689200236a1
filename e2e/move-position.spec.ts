import { expect, test } from "@playwright/test";
import { LoginPage } from "./pages/login-page.ts";
import { client, uniqueName } from "./support/api.ts";

test("a position is moved after a preview in numbers, while its member stays connected", async ({ page }) => {
  const topic = uniqueName("orders");
  const consumer = uniqueName("billing");
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });
  await millrace.publish(
    topic,
    Array.from({ length: 25 }, (_, n) => ({ type: "t", key: `k${n}` })),
  );
  const handled: number[] = [];
  const assignments: unknown[] = [];
  const stop = new AbortController();
  const consuming = millrace.consume(
    consumer,
    (event) => {
      handled.push(event.offset);
    },
    { signal: stop.signal, onAssignment: (it) => assignments.push(it) },
  );
  await expect.poll(() => handled.length).toBe(25);

  const room = await (await LoginPage.open(page)).signIn();
  await room.open(`/consumers/${consumer}`);
  await page.getByRole("button", { name: "Move position" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /preview|next|continue/i }).click();
  await expect(dialog.getByText("Delivered again")).toBeVisible();
  const run = dialog.getByRole("button", { name: `Run 25 events again for ${consumer}` });
  await expect(run).toBeDisabled();
  await dialog.getByLabel("Reason").fill("a bug is fixed");
  await dialog.getByLabel(`Type ${consumer} to confirm`).fill(consumer);
  await run.click();
  await expect(dialog).toHaveCount(0);
  await expect.poll(() => handled.length).toBe(50);
  expect(handled.slice(25)).toEqual(handled.slice(0, 25));
  stop.abort();
  await consuming;
});
