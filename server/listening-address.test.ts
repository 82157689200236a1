import { expect, it } from "vitest";
import { isLoopback, reachableUrl } from "./listening-address.ts";

it.each([
  ["127.0.0.1", true, "http://127.0.0.1:80"],
  ["127.8.8.8", true, "http://127.8.8.8:80"],
  ["localhost", true, "http://localhost:80"],
  ["::1", true, "http://[::1]:80"],
  ["0.0.0.0", false, "http://127.0.0.1:80"],
  ["::", false, "http://[::1]:80"],
  ["10.0.0.7", false, "http://10.0.0.7:80"],
  ["127.example.org", false, "http://127.example.org:80"],
])("%s: for this machine alone %s, opened as %s", (host, isOwn, url) => {
  expect(isLoopback(host)).toBe(isOwn);
  expect(reachableUrl(host, 80)).toBe(url);
});
