import { expect, test } from "@playwright/test";
import { LoginPage } from "./pages/login-page.ts";
import { serverUrl } from "./support/api.ts";
import { startServer } from "./support/running-server.ts";

// The others come with a session; here nobody is signed in yet.
test.use({ storageState: { cookies: [], origins: [] } });

test("without a session every page leads to the door, and back to where one was going", async ({ page }) => {
  await page.goto(`${serverUrl()}/consumers`);
  await expect(page).toHaveURL(/\/login/);
  await new LoginPage(page).signIn();
  await expect(page).toHaveURL(/\/consumers$/);
});

test("a wrong password is refused and says so", async ({ page }) => {
  const login = await LoginPage.open(page);
  await login.fill({ email: "ada@example.org", password: "not-the-password" });
  await expect(page.getByRole("alert").first()).toBeVisible();
  await expect(page).toHaveURL(/\/login/);
});

test("the printed link sets a new server up once, and gives a key that works", async ({ page }) => {
  const server = await startServer({});
  try {
    if (server.setupLink === null) throw new Error("no set-up link was printed");
    await page.goto(server.setupLink);
    await page.getByLabel("Your name").fill("Grace");
    await page.getByLabel("E-mail").fill("grace@example.org");
    await page.getByLabel("Password").fill("a-long-password");
    await page.getByLabel("Environment").fill("staging");
    await page.getByRole("button", { name: /set up|create/i }).click();
    const key = page.getByText(/mr_\w+/).first();
    await expect(key).toBeVisible();
    const secret = /mr_\w+/.exec((await key.textContent()) ?? "")?.[0] ?? "";
    const answer = await fetch(`${server.url}/v1/topics`, { headers: { authorization: `Bearer ${secret}` } });
    expect(answer.status).toBe(200);
    await page.context().clearCookies();
    await page.goto(server.setupLink);
    await expect(page.getByLabel("Your name")).toHaveCount(0);
  } finally {
    await server.stop();
  }
});
