import { expect, type Page } from "@playwright/test";
import { OperationPage } from "./operation-page.ts";
import type { RoomPage } from "./room-page.ts";

/** Dead letters: the list of kinds, one kind, a sequence; they share how a verb is used. */
export class DeadLettersPage {
  readonly page: Page;

  constructor(readonly room: RoomPage) {
    this.page = room.page;
  }

  static async open(room: RoomPage, consumer: string): Promise<DeadLettersPage> {
    await room.open(`/dead-letters?consumer=${consumer}`);
    return new DeadLettersPage(room);
  }

  kind(error: string) {
    return this.page.getByRole("row").filter({ hasText: error });
  }

  async openKind(error: string): Promise<void> {
    await this.kind(error).getByRole("link").first().click();
    await expect(this.page.getByRole("heading", { name: "Letters" })).toBeVisible();
  }

  async openSequence(key: string): Promise<void> {
    await this.page.getByRole("table", { name: "Letters" }).getByRole("link", { name: key, exact: true }).click();
    await expect(this.page.getByRole("heading", { level: 1, name: key })).toBeVisible();
  }

  /** Presses the button, says why, and confirms what the dialog says in numbers. */
  async use(button: string | RegExp, { confirm, reason }: { confirm: string; reason: string }): Promise<void> {
    await this.page.getByRole("button", { name: button }).first().click();
    await this.confirm({ confirm, reason });
  }

  async confirm({ confirm, reason }: { confirm: string; reason: string }): Promise<void> {
    const dialog = this.page.getByRole("dialog");
    await expect(dialog.getByRole("button", { name: confirm, exact: true })).toBeDisabled();
    await dialog.getByLabel("Reason").fill(reason);
    await dialog.getByRole("button", { name: confirm, exact: true }).click();
    await expect(dialog).toHaveCount(0);
  }

  /** By the short confirmation that a started operation leaves. */
  async showProgress(): Promise<OperationPage> {
    await this.page.getByRole("button", { name: "Show progress" }).first().click();
    await expect(this.page).toHaveURL(/\/operations\/[0-9a-f-]{36}$/);
    return new OperationPage(this.page);
  }
}
