import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

// Every load generator, peer and ceiling is a process of its own, so that none shares a thread or a heap with what it
// measures or with the driver. The driver calls a child's methods over IPC and is idle meanwhile.

type Methods = Record<string, (input: never) => unknown>;
type Input<M> = M extends (input: infer I) => unknown ? I : never;
type Output<M> = M extends (input: never) => infer O ? Awaited<O> : never;

interface Call {
  readonly method: string;
  readonly input: unknown;
}
type Answer = { readonly result: unknown } | { readonly error: string };

const CALL_TIMEOUT_MS = 240_000;

/** A child process, as the driver holds it: one call at a time. */
export interface Child<M extends Methods> {
  call<K extends keyof M & string>(method: K, input: Input<M[K]>): Promise<Output<M[K]>>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Ends whatever is left, for an interrupted run. */
export function killChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts `bench/children/<name>.ts`. The type parameter is the `typeof` of what it serves. */
export function startChild<M extends Methods>(name: string): Child<M> {
  const child = fork(fileURLToPath(new URL(`../children/${name}.ts`, import.meta.url)), {
    execArgv: ["--import", "tsx", "--expose-gc"],
    serialization: "advanced",
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void exited.then(() => running.delete(child));
  return {
    call(method, input) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => finish({ error: `no answer in ${CALL_TIMEOUT_MS} ms` }), CALL_TIMEOUT_MS);
        const gone = () => finish({ error: "the process ended" });
        const finish = (answer: Answer) => {
          clearTimeout(timer);
          child.off("message", finish).off("exit", gone);
          if ("error" in answer) reject(new Error(`${name}.${method}: ${answer.error}`));
          else resolve(answer.result as never);
        };
        child.once("message", finish).once("exit", gone);
        child.send({ method, input } satisfies Call);
      });
    },
    async stop() {
      child.kill("SIGTERM");
      const stubborn = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await exited;
      clearTimeout(stubborn);
    },
  };
}

/** In the child: answers the driver's calls. Returns the methods, for their type. */
export function serve<M extends Methods>(methods: M): M {
  process.on("message", async ({ method, input }: Call) => {
    let answer: Answer;
    try {
      const work = methods[method];
      if (work === undefined) throw new Error("no such method");
      answer = { result: await work(input as never) };
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(answer);
  });
  process.on("SIGTERM", () => process.exit(0));
  process.on("disconnect", () => process.exit(0));
  return methods;
}
