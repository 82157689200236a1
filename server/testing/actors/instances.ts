import { freePort } from "../../embedded/free-port.ts";
import type { Target } from "../publish-load.ts";
import { type ServerProcess, type ServerVariables, startServerProcess } from "../server-process.ts";
import { programPath } from "./programs.ts";
import { type RoundRobinProxy, roundRobinProxy } from "./round-robin-proxy.ts";

/** Servers on one database, each a process of its own, behind a balancer: killed and started again, stopped and continued. */
export class Instances {
  readonly #variables: ServerVariables;
  readonly #own: readonly ServerVariables[];
  readonly #ports: number[] = [];
  readonly #running: Promise<ServerProcess>[] = [];
  #proxy: RoundRobinProxy | null = null;
  #apiKey = "";

  /** `own`: variables of each instance beside those of all. */
  constructor(variables: ServerVariables, own: readonly ServerVariables[] = []) {
    this.#variables = variables;
    this.#own = own;
  }

  get count(): number {
    return this.#running.length;
  }

  /** By the balancer. */
  get target(): Target {
    if (this.#proxy === null) throw new Error("nothing has been started");
    return { url: this.#proxy.url, apiKey: this.#apiKey };
  }

  /** One by one. */
  get targets(): readonly Target[] {
    return this.#ports.map((port) => ({ url: `http://127.0.0.1:${port}`, apiKey: this.#apiKey }));
  }

  async start(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#ports.push(await freePort(0));
      this.#running.push(this.#start(i));
      // One migrates; the next finds that done.
      this.#apiKey = (await this.#running[i])?.apiKey ?? "";
    }
    this.#proxy = await roundRobinProxy(this.#ports);
  }

  async kill(index: number): Promise<void> {
    await (await this.#running[index])?.kill();
  }

  /** Kills it, and starts it at the same address. Settles when it is dead; `settled` waits until it is back. */
  async replace(index: number): Promise<void> {
    await this.kill(index);
    this.#running[index] = this.#start(index);
    // Whoever waits for it hears of a failure; nobody does until it is killed again.
    this.#running[index]?.catch(() => undefined);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async processOf(index: number): Promise<ServerProcess> {
    const server = await this.#running[index];
    if (server === undefined) throw new Error(`there is no instance ${index}`);
    return server;
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
    for (const instance of await Promise.allSettled(this.#running)) {
      if (instance.status === "fulfilled") await instance.value.kill();
    }
  }

  async #start(index: number): Promise<ServerProcess> {
    const program = await programPath("server");
    return startServerProcess({ ...this.#variables, ...this.#own[index], PORT: this.#ports[index] ?? 0 }, [program]);
  }
}
