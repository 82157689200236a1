import { expect, test } from "@playwright/test";
import { RoomPage } from "./pages/room-page.ts";
import { uniqueName } from "./support/api.ts";
import { faultyConsumer } from "./support/faulty-consumer.ts";

test("a rule is tried on the last day and kept; its alert is told on every page, acknowledged, and over without it", async ({
  page,
}) => {
  const faulty = await faultyConsumer("the mail server is away", () => true);
  try {
    const { consumer } = faulty;
    await faulty.publish([{ type: "mail", key: "k" }]);
    await expect.poll(faulty.parked).toMatchObject({ dead: 1 });

    const room = new RoomPage(page);
    await room.open("/");
    await room.goTo("Alerts");
    const rules = page.getByRole("table", { name: "Rules" });
    await expect(rules.getByRole("row", { name: "nobody-connected" })).toContainText("On");

    await page.getByRole("button", { name: "New rule" }).click();
    const dialog = page.getByRole("dialog");
    const name = uniqueName("letters");
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByRole("combobox", { name: "Tell when" }).click();
    await page.getByRole("option", { name: "There are dead letters" }).click();
    await dialog.getByLabel("More than").fill("0");
    await dialog.getByLabel("For", { exact: true }).fill("0");
    await dialog.getByLabel("Of", { exact: true }).fill(consumer);
    const preview = dialog.getByRole("region", { name: "Preview" });
    // A sample is taken every ten seconds.
    await expect(async () => {
      await preview.getByRole("button").click();
      await expect(preview.getByRole("status")).toContainText("It would have told once, of 1 consumer or topic.");
    }).toPass();
    await dialog.getByRole("button", { name: "Save rule" }).click();
    await expect(dialog).toBeHidden();
    await expect(rules.getByRole("row", { name })).toContainText("there are dead letters");

    const alert = page.getByRole("table", { name: "Alerts" }).getByRole("row").filter({ hasText: name });
    await expect(alert).toContainText(`${consumer} has 1 dead letter`);
    await room.goTo("Topics");
    await page.getByRole("link", { name: /^\d+ new alerts?$/ }).click();
    await expect(alert).toContainText("New");
    await alert.getByRole("button", { name: "Acknowledge" }).click();
    await expect(alert).toContainText("Acknowledged");

    await rules.getByRole("row", { name }).getByRole("button", { name: "Change" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await expect(dialog).toBeHidden();
    await expect(rules.getByRole("row", { name })).toBeHidden();
    await page.getByRole("button", { name: "Over", exact: true }).click();
    await expect(alert).toContainText("Over");
  } finally {
    await faulty.close();
  }
});
