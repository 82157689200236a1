import { expect, type Page } from "@playwright/test";

/** One operation. */
export class OperationPage {
  constructor(readonly page: Page) {}

  async expectStatus(word: "Running" | "Paused" | "Done" | "Aborted"): Promise<void> {
    await expect(this.page.getByRole("main").getByText(word, { exact: true })).toBeVisible();
  }

  /** A figure, such as `Settled`. */
  async expectFigure(label: string, value: string): Promise<void> {
    const figure = this.page.getByRole("main").locator("dl > div").filter({ hasText: label }).locator("dd").first();
    await expect(figure).toHaveText(value);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole("button", { name, exact: true }).click();
  }
}
