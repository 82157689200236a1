const EVERY_MS = 500;

/**
 * Stops this process, as by SIGTERM, when the one that started it has gone. `npm start` runs us in a shell, and a SIGTERM
 * to npm ends npm and the shell and nobody else: server and PostgreSQL would stay, with the port and the data. Only under
 * npm, for whoever starts us in the background by himself may well end before us.
 */
export function followParent(environment = process.env) {
  if (environment.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, EVERY_MS);
  timer.unref();
}
