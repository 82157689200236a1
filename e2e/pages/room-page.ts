import { expect, type Page } from "@playwright/test";
import { serverUrl } from "../support/api.ts";

/** What every page of the control room shares. */
export class RoomPage {
  constructor(readonly page: Page) {}

  async goTo(
    name: "Overview" | "Topics" | "Consumers" | "Dead letters" | "Operations" | "Alerts" | "Audit" | "Bin" | "Settings",
  ): Promise<void> {
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await expect(this.page.getByRole("heading", { level: 1, name })).toBeVisible();
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${serverUrl()}${path}`);
    // A dialog that the address opens hides the page behind it from roles, sooner or later than this looks.
    await expect(this.page.getByRole("navigation", { name: "Main", includeHidden: true })).toBeVisible();
  }

  async expectLive(): Promise<void> {
    await expect(this.page.getByText("Live", { exact: true }).first()).toBeVisible();
  }
}
