import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Target } from "../publish-load.ts";

/** One thing that a member has done. */
export interface Effect {
  /** On the machine's monotonic clock, the same for all processes. */
  readonly at: bigint;
  readonly key: string;
  readonly offset: number;
}

/** Members of one consumer, each a process of its own, killed and replaced at random. */
export class MemberCrew {
  readonly cure: string;
  readonly #options: {
    readonly server: Target;
    readonly directory: string;
    readonly consumer: string;
    readonly poison: string;
  };
  readonly #children: ChildProcess[] = [];
  #started = 0;
  kills = 0;

  constructor(options: {
    readonly server: Target;
    readonly directory: string;
    readonly consumer: string;
    readonly poison: string;
  }) {
    this.#options = options;
    this.cure = join(options.directory, "cured");
  }

  /** Built once, so that a replacement is there within a moment. */
  async open(members: number): Promise<void> {
    await build({
      entryPoints: [join(import.meta.dirname, "poisoned-member.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: join(this.#options.directory, "member.mjs"),
    });
    for (let i = 0; i < members; i++) this.#start(i);
  }

  /** As the machine's out-of-memory killer would: in the middle of whatever it does. Another takes its place. */
  async killOne(): Promise<void> {
    const index = Math.floor(Math.random() * this.#children.length);
    await this.#end(index);
    this.kills += 1;
    this.#start(index);
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((_, index) => this.#end(index)));
  }

  /** What each of them did, in its order; one list per process. */
  effects(): Effect[][] {
    return readdirSync(this.#options.directory)
      .filter((name) => name.endsWith(".log"))
      .map((name) => {
        // A process may have been killed in the middle of a line.
        const lines = readFileSync(join(this.#options.directory, name), "utf8").split("\n").slice(0, -1);
        return lines.map((line) => {
          const [at = "0", key = "", offset = "0"] = line.split(" ");
          return { at: BigInt(at), key, offset: Number(offset) };
        });
      });
  }

  #start(index: number): void {
    const { server, directory, consumer, poison } = this.#options;
    const member = `member-${this.#started++}`;
    const args = [server.url, server.apiKey, consumer, member, join(directory, `${member}.log`), this.cure, poison];
    this.#children[index] = spawn(process.execPath, [join(directory, "member.mjs"), ...args], { stdio: "ignore" });
  }

  async #end(index: number): Promise<void> {
    const child = this.#children[index];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}
