import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { bin, run, say } from "./step.mjs";

const SYSTEM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium for the tests: the one named, Playwright's, the system's, else one is installed. */
export async function findBrowser() {
  const found = present();
  if (found !== null) return found;
  say("No Chromium here: asking Playwright for one");
  try {
    await run(process.execPath, [bin("playwright"), "install", "chromium"], { stdio: "ignore" });
    const installed = present();
    if (installed !== null) return installed;
  } catch {
    // No way to its download; Debian's package is next.
  }
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    say("Installing Debian's chromium");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
    await run("apt-get", ["install", "-y", "-qq", "chromium"], { env, stdio: "ignore" });
    const installed = present();
    if (installed !== null) return installed;
  }
  throw new Error("No Chromium was found or could be installed. Name one with CHROMIUM_PATH.");
}

function present() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH names ${named}, which is not there.`);
  }
  const own = playwrights();
  if (own !== null) return own;
  for (const name of SYSTEM) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // Not this one.
    }
  }
  return null;
}

function playwrights() {
  try {
    const script = 'import("@playwright/test").then((it) => process.stdout.write(it.chromium.executablePath()))';
    const path = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    return path !== "" && existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
