import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Access, openAccess } from "../../auth/access.ts";
import { requestOf, sendResponse } from "../../auth/node-request.ts";
import { createPasswords } from "../../auth/password.ts";
import { createMembers } from "../../engine/members/members.ts";
import { createAppender } from "../../engine/topics/appender.ts";
import { createTopicDirectory } from "../../engine/topics/directory.ts";
import { createTopicReaders } from "../../engine/topics/readers.ts";
import { createWakeups } from "../../engine/wakeups.ts";
import { accessUseCases } from "../../services/access-use-cases.ts";
import type { Services } from "../../services/services.ts";
import { openReader } from "../../services/topics/open-reader.ts";
import { allUseCases } from "../../services/use-cases.ts";
import type { Database } from "../../store/database.ts";
import { createControlPlane } from "../control-plane.ts";
import { problemResponse } from "../problem-response.ts";
import { readBody } from "../read-body.ts";

export interface TestInstance {
  readonly url: string;
  readonly access: Access;
  readonly services: Services;
  readonly errors: unknown[];
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** An instance of the control plane alone, on a port of its own; its data plane is what `rest` answers. */
export async function testInstance(
  database: Database,
  config: {
    readonly admin?: { email: string; password: string };
    readonly apiKey?: string;
    readonly maxSignIns?: number;
    readonly maxLiveStreams?: number;
  } = {},
): Promise<TestInstance> {
  const errors: unknown[] = [];
  const warnings: string[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const instance = randomUUID();
  const wakeups = createWakeups(database, { onError, instance });
  const readers = createTopicReaders(database, { wakeups, onError });
  const topics = createTopicDirectory(database, { wakeups });
  const appender = createAppender(database, { wakeups, onError, onCommitted: (batch) => readers.handOver(batch) });
  const members = createMembers({ database, topicReaders: readers, wakeups, instance, onError });
  const services = allUseCases({ database, wakeups, topics, topicReaders: readers, appender, members });
  const { maxSignIns, maxLiveStreams, ...accessConfig } = config;
  const passwords = createPasswords(maxSignIns === undefined ? {} : { maxRequests: maxSignIns });
  const access = await openAccess({
    useCases: accessUseCases({ database, wakeups, hashPassword: passwords.hash }),
    passwords,
    prisma: database.prisma,
    wakeups,
    onError,
    onWarning: (message) => warnings.push(message),
    ...accessConfig,
  });
  const controlPlane = createControlPlane({
    services,
    access,
    openReader: openReader({ database, topics, topicReaders: readers }),
    version: "0.0.0-test",
    onError,
    ...(maxLiveStreams === undefined ? {} : { maxLiveStreams }),
  });

  const server = createServer((req, res) => {
    if (req.url?.startsWith("/api/")) return controlPlane.handle(req, res);
    void answerV1();
    async function answerV1(): Promise<void> {
      const requestId = "test-request";
      try {
        const identity = await access.authenticate((req.headers.authorization ?? "").replace(/^Bearer /, ""));
        await sendResponse(
          res,
          await controlPlane.rest(requestOf(req, await readBody(req, { maxBytes: 8_000_000 })), {
            identity,
            requestId,
          }),
        );
      } catch (error) {
        await sendResponse(res, problemResponse(error, requestId, onError));
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    access,
    services,
    errors,
    warnings,
    async close() {
      controlPlane.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await access.close();
      await Promise.all([appender.close(), members.close()]);
      await readers.close();
      await wakeups.close();
    },
  };
}
