import { expect, type Locator, type Page } from "@playwright/test";
import type { RoomPage } from "./room-page.ts";

/** One consumer, and what an operator does to it. */
export class ConsumerPage {
  readonly #page: Page;

  private constructor(
    readonly room: RoomPage,
    readonly consumer: string,
  ) {
    this.#page = room.page;
  }

  static async open(room: RoomPage, consumer: string, query = ""): Promise<ConsumerPage> {
    await room.open(`/consumers/${consumer}${query}`);
    // As in `RoomPage.open`: the query may open a dialog.
    await expect(room.page.getByRole("heading", { level: 1, name: consumer, includeHidden: true })).toBeVisible();
    return new ConsumerPage(room, consumer);
  }

  dialog(): Locator {
    return this.#page.getByRole("dialog");
  }

  async openTab(name: string): Promise<void> {
    await this.#page
      .getByRole("navigation", { name: `Parts of ${this.consumer}` })
      .getByRole("link", { name })
      .click();
  }

  /** Opens the dialog of a verb in the head of the page. */
  async press(name: "Pause" | "Resume" | "Replay" | "Move position"): Promise<void> {
    await this.#page.getByRole("button", { name, exact: true }).first().click();
    await expect(this.dialog()).toBeVisible();
  }

  async fill(label: string, text: string): Promise<void> {
    await this.dialog().getByLabel(label, { exact: true }).fill(text);
  }

  async confirm(name: string | RegExp): Promise<void> {
    await this.dialog().getByRole("button", { name }).click();
  }

  /** The status in one word. */
  async expectStatus(word: string): Promise<void> {
    await expect(this.#page.getByRole("region", { name: "Status" }).getByText(word, { exact: true })).toBeVisible();
  }
}
