import { expect, type Page } from "@playwright/test";
import { serverUrl } from "../support/api.ts";
import { ADMIN } from "../support/global-setup.ts";
import { RoomPage } from "./room-page.ts";

export class LoginPage {
  constructor(readonly page: Page) {}

  static async open(page: Page, url = serverUrl()): Promise<LoginPage> {
    await page.goto(`${url}/login`);
    return new LoginPage(page);
  }

  async fill(person: { email: string; password: string }): Promise<void> {
    await this.page.getByLabel("E-mail").fill(person.email);
    await this.page.getByLabel("Password").fill(person.password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async signIn(person = ADMIN): Promise<RoomPage> {
    await this.fill(person);
    await expect(this.page.getByRole("navigation", { name: "Main" })).toBeVisible();
    return new RoomPage(this.page);
  }
}
