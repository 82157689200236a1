import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { freePort } from "../../embedded/free-port.ts";
import { type ServerProcess, startServerProcess } from "../server-process.ts";
import { type RoundRobinProxy, roundRobinProxy } from "./round-robin-proxy.ts";

const root = resolve(import.meta.dirname, "../../..");
const KINDS = ["sdk", "stream", "pull"] as const;

export interface CrewOptions {
  readonly databaseUrl: string;
  readonly directory: string;
  readonly consumer: string;
  /** The next number of a seeded row, 0 … below 1. */
  readonly random: () => number;
}

/** Instances behind a balancer, and members of one consumer: each a process of its own, killed and replaced. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #programs: string;
  readonly #ports: number[] = [];
  readonly #instances: Promise<ServerProcess>[] = [];
  readonly #members: ChildProcess[] = [];
  #proxy: RoundRobinProxy | null = null;
  #started = 0;
  #apiKey = "";
  /** What was killed, in order. */
  readonly killed: string[] = [];

  constructor(options: CrewOptions) {
    this.#options = options;
    // Packages are found from there.
    this.#programs = join(root, "node_modules/.cache/millrace", `chaos-${process.pid}`);
  }

  get target(): { readonly url: string; readonly apiKey: string } {
    if (this.#proxy === null) throw new Error("the crew has not been opened");
    return { url: this.#proxy.url, apiKey: this.#apiKey };
  }

  /** Programs are built once, so that a replacement is there within a moment. */
  async open(instances: number): Promise<void> {
    await mkdir(this.#programs, { recursive: true });
    await build({
      entryPoints: { server: join(root, "server/main.ts"), member: join(import.meta.dirname, "chaos-member.ts") },
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      outdir: this.#programs,
      outExtension: { ".js": ".mjs" },
    });
    for (let i = 0; i < instances; i++) {
      this.#ports.push(await freePort(0));
      this.#instances.push(this.#startInstance(i));
      // One migrates; the next finds that done.
      this.#apiKey = (await this.#instances[i])?.apiKey ?? "";
    }
    this.#proxy = await roundRobinProxy(this.#ports);
  }

  startMembers(count: number): void {
    for (let i = 0; i < count; i++) this.#startMember(i);
  }

  /** As the machine's out-of-memory killer would, in the middle of whatever it does. Another takes its place. */
  async killOne(): Promise<void> {
    const { random } = this.#options;
    if (random() < 0.5) {
      const index = Math.floor(random() * this.#members.length);
      this.killed.push(`member ${index} (${KINDS[index % KINDS.length]})`);
      await this.#endMember(index);
      this.#startMember(index);
      return;
    }
    const index = Math.floor(random() * this.#instances.length);
    this.killed.push(`instance ${index}`);
    const instance = await this.#instances[index];
    await instance?.kill();
    this.#instances[index] = this.#startInstance(index);
    // Whoever waits for it hears of a failure; nobody does until it is killed again.
    this.#instances[index]?.catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((_, index) => this.#endMember(index)));
    await this.#proxy?.close();
    for (const instance of await Promise.allSettled(this.#instances)) {
      if (instance.status === "fulfilled") await instance.value.kill();
    }
    await rm(this.#programs, { recursive: true, force: true });
  }

  #startInstance(index: number): Promise<ServerProcess> {
    const environment = {
      DATABASE_URL: this.#options.databaseUrl,
      DATABASE_CONNECTIONS: "10",
      PORT: this.#ports[index] ?? 0,
    };
    return startServerProcess(environment, [join(this.#programs, "server.mjs")]);
  }

  #startMember(index: number): void {
    const { url, apiKey } = this.target;
    const { consumer, directory } = this.#options;
    const member = `member-${this.#started++}`;
    const args = [KINDS[index % KINDS.length] ?? "sdk", url, apiKey, consumer, member, directory];
    this.#members[index] = spawn(process.execPath, [join(this.#programs, "member.mjs"), ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  async #endMember(index: number): Promise<void> {
    const child = this.#members[index];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}
