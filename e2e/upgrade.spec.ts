import { connect } from "node:net";
import { expect, test } from "@playwright/test";
import { LoginPage } from "./pages/login-page.ts";
import { serverUrl } from "./support/api.ts";

/** The status of an answer to a request as Java's HttpClient sends it by default; null when there is none. */
function askWithUpgrade(path: string): Promise<number | null> {
  const { hostname, port } = new URL(serverUrl());
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setTimeout(10_000, () => socket.destroy());
    socket.once("data", (chunk: Buffer) => {
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString())?.[1]));
      socket.destroy();
    });
    socket.once("close", () => resolve(null));
    socket.once("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
  });
}

test("a request that would like another protocol is answered, also after a page was opened", async ({ page }) => {
  await LoginPage.open(page);
  expect(await askWithUpgrade("/healthz")).toBe(200);
  expect(await askWithUpgrade("/login")).toBe(200);
  expect(await askWithUpgrade("/v1/topics")).toBe(401);
});
