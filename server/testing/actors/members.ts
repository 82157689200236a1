import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Target } from "../publish-load.ts";
import { programPath } from "./programs.ts";

export const KINDS = ["sdk", "stream", "pull"] as const;

/** What the program of a member is told, as its one argument. */
export interface MemberOrder {
  readonly kind: (typeof KINDS)[number];
  readonly url: string;
  readonly apiKey: string;
  readonly consumer: string;
  readonly member: string;
  /** Of its journal. */
  readonly directory: string;
  /** How long its handler takes, more or less. */
  readonly workMs: number;
  /** Events of this key fail until the file is there. */
  readonly poison: { readonly key: string; readonly cure: string } | null;
}

export interface MembersOptions {
  readonly directory: string;
  readonly consumer: string;
  readonly target: Target;
  readonly kinds?: readonly (typeof KINDS)[number][];
  readonly workMs?: number;
  readonly poison?: MemberOrder["poison"];
}

/** Members of one consumer, each a process of its own: killed and replaced, stopped and continued. */
export class Members {
  readonly #options: MembersOptions;
  readonly #children: ChildProcess[] = [];
  #started = 0;
  kills = 0;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#children.length;
  }

  async start(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#start(this.#children.length);
  }

  kindOf(index: number): (typeof KINDS)[number] {
    const kinds = this.#options.kinds ?? KINDS;
    return kinds[index % kinds.length] ?? "sdk";
  }

  /** As the machine's out-of-memory killer would, in the middle of whatever it does. Another takes its place. */
  async replace(index: number): Promise<void> {
    await this.#end(index);
    this.kills += 1;
    await this.#start(index);
  }

  /** It stands still, and knows nothing of it. */
  freeze(index: number): void {
    this.#children[index]?.kill("SIGSTOP");
  }

  thaw(index: number): void {
    this.#children[index]?.kill("SIGCONT");
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((_, index) => this.#end(index)));
  }

  async #start(index: number): Promise<void> {
    const { directory, consumer, target, workMs = 10, poison = null } = this.#options;
    const order: MemberOrder = {
      ...{ kind: this.kindOf(index), url: target.url, apiKey: target.apiKey },
      ...{ consumer, directory, workMs, poison, member: `member-${consumer}-${this.#started++}` },
    };
    const program = await programPath("member");
    this.#children[index] = spawn(process.execPath, [program, JSON.stringify(order)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  async #end(index: number): Promise<void> {
    const child = this.#children[index];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}
