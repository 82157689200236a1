import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type ConsumerDeclaration, consumerDeclaration } from "../../contract/consumers.ts";
import type { Delivery, Settlement } from "../../contract/settlements.ts";
import { listBin } from "../../services/bin/list-bin.ts";
import { removeConsumer } from "../../services/bin/remove-consumer.ts";
import { removeTopic } from "../../services/bin/remove-topic.ts";
import { restoreRemoved } from "../../services/bin/restore-removed.ts";
import { declareConsumer } from "../../services/consumers/declare-consumer.ts";
import { describeConsumer } from "../../services/consumers/describe-consumer.ts";
import { getState } from "../../services/consumers/get-state.ts";
import { pauseConsumer } from "../../services/consumers/pause-consumer.ts";
import { resumeConsumer } from "../../services/consumers/resume-consumer.ts";
import { settle } from "../../services/consumers/settle.ts";
import { createMatchingCounts } from "../../services/insight/count-matching.ts";
import { getAccount } from "../../services/insight/get-account.ts";
import { getOperation } from "../../services/operations/get-operation.ts";
import { replayEvents } from "../../services/operations/replay-events.ts";
import { changeOperationRate, steerOperation } from "../../services/operations/steer-operation.ts";
import { discardParked } from "../../services/parked/discard-parked.ts";
import { getSequence } from "../../services/parked/get-sequence.ts";
import { listParked } from "../../services/parked/list-parked.ts";
import { listParkedGroups } from "../../services/parked/list-parked-groups.ts";
import { redriveParked } from "../../services/parked/redrive-parked.ts";
import { restoreDiscarded } from "../../services/parked/restore-discarded.ts";
import { changePositions } from "../../services/positions/change-positions.ts";
import { planPositions } from "../../services/positions/plan-positions.ts";
import { undoPositionChange } from "../../services/positions/undo-position-change.ts";
import { type Database, openDatabase } from "../../store/database.ts";
import type { FrameSink } from "../members/frame-sink.ts";
import { createMembers, type Members, type MembersOptions } from "../members/members.ts";
import type { JoinedMember, MemberJoinRequest, PullRequest } from "../members/requests.ts";
import { type OperationRunner, type OperationRunnerOptions, startOperationRunner } from "../operations/runner.ts";
import { createTopicReaders } from "../topics/readers.ts";
import { createWakeups } from "../wakeups.ts";

const actor = { name: "system", requestId: "test" };

export interface ReceivedFrame {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export interface RigMember extends JoinedMember {
  /** Its connection breaks, and it does not come back: resolves when the session is over. */
  leave(): Promise<void>;
  /** It says goodbye. */
  goodbye(): Promise<void>;
}

export interface JoinOptions {
  readonly order?: "strict" | "pipelined";
  readonly resume?: MemberJoinRequest["resume"];
}

/** A member's end of the wire: the frames it got, and waiting for them. */
export class TestMember implements FrameSink {
  readonly frames: ReceivedFrame[] = [];
  readonly deliveries: Delivery[] = [];
  isEnded = false;
  joined: RigMember | null = null;
  /** The ids of the deliveries, in order. */
  readonly ids: string[] = [];
  readonly #waiting = new Set<() => void>();

  write(text: string): boolean {
    for (const frame of text.split("\n\n")) {
      if (frame === "") continue;
      const fields = new Map(
        frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      const data = JSON.parse(fields.get("data") ?? "null") as Record<string, unknown>;
      this.frames.push({ event: fields.get("event") ?? "message", data });
      if (data.delivery === undefined) continue;
      this.deliveries.push(data.delivery as Delivery);
      this.ids.push(fields.get("id") ?? "");
    }
    this.#wake();
    return true;
  }

  onDrain(): void {}

  end(): void {
    this.isEnded = true;
    this.#wake();
  }

  /** Resolves once the condition holds; looks again whenever a frame arrives. */
  async until(holds: () => boolean, what = "a condition"): Promise<void> {
    const deadline = AbortSignal.timeout(15_000);
    while (!holds()) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.add(resolve);
        deadline.addEventListener("abort", () =>
          reject(new Error(`waited in vain for ${what}: ${JSON.stringify(this.frames.slice(-5))}`)),
        );
      });
    }
  }

  delivered(count: number): Promise<void> {
    return this.until(() => this.deliveries.length >= count, `${count} deliveries (${this.deliveries.length} so far)`);
  }

  frame(event: string): ReceivedFrame | undefined {
    return this.frames.findLast((it) => it.event === event);
  }

  /** The delivery of an offset, the latest where there were several. */
  at(offset: number): Delivery {
    const found = this.deliveries.findLast((it) => it.offset === offset);
    if (found === undefined) throw new Error(`offset ${offset} was not delivered`);
    return found;
  }

  get offsets(): number[] {
    return this.deliveries.map((it) => it.offset);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A member that is gone is gone at once, and no breaker opens, unless a test says so. */
const DECLARED = { reconnectGraceMs: 20, breaker: null };

/** One server process, as far as consumers go. */
export function openInstance(url: string, options: Partial<MembersOptions> = {}) {
  const errors: Error[] = [];
  const instance = randomUUID();
  const runners: OperationRunner[] = [];
  const onError = (error: Error) => void errors.push(error);
  const database = openDatabase({ url, maxConnections: 6, onError });
  const wakeups = createWakeups(database, { onError, instance });
  const topicReaders = createTopicReaders(database, { wakeups, onError, pollMs: 100 });
  const members: Members = createMembers({
    database,
    topicReaders,
    wakeups,
    instance,
    onError,
    leaseMs: 1_000,
    drainMs: 500,
    ...options,
  });
  const declare = declareConsumer({ database, wakeups });
  const send = settle({ members });
  return {
    instance,
    database,
    wakeups,
    members,
    errors,
    declare: (consumer: string, declaration: Partial<ConsumerDeclaration>) =>
      declare({ consumer, declaration: consumerDeclaration.parse({ ...DECLARED, ...declaration }), actor }),
    describe: describeConsumer({ database, matching: createMatchingCounts(database) }),
    getState: getState({ database }),
    account: getAccount({ database, members }),
    plan: planPositions({ database }),
    change: changePositions({ database, wakeups }),
    undo: undoPositionChange({ database, wakeups }),
    async join(consumer: string, member: string, { order = "pipelined", resume = null }: JoinOptions = {}) {
      const sink = new TestMember();
      const isPipelined = order === "pipelined";
      const joined = await members.join({ consumer, member, sink, resume, isPipelined, address: "127.0.0.1:1" });
      const { session } = joined;
      sink.joined = {
        ...joined,
        async leave() {
          joined.disconnect();
          sink.end();
          // With the database away at the wrong moment the row stays until it has expired.
          const alive = "SELECT FROM member WHERE session = $1 AND expires_at > clock_timestamp()";
          const rows = () => database.pool.query(alive, [session]);
          while ((await rows()).rowCount !== 0) await delay(5);
        },
        async goodbye() {
          await members.leave({ consumer, member, session });
        },
      };
      return sink;
    },
    pull: (consumer: string, request: Partial<PullRequest> = {}) =>
      members.pull({
        ...{ consumer, member: null, session: null, after: null, max: 100, waitMs: 0, address: null },
        signal: new AbortController().signal,
        ...request,
      }),
    settle: (consumer: string, settlements: readonly Settlement[]) => send({ consumer, settlements }),
    retry: (consumer: string, deliveries: readonly Delivery[], more: Partial<Settlement> = {}) =>
      send({ consumer, settlements: deliveries.map((it) => failed(it, more)) }),
    /** Runs operations until the instance closes. */
    startOperations(more: Partial<OperationRunnerOptions> = {}) {
      const runner = startOperationRunner({ database, wakeups, instance, onError, ...more });
      runners.push(runner);
      return runner;
    },
    redrive: redriveParked({ database, wakeups }),
    discard: discardParked({ database, wakeups }),
    restore: restoreDiscarded({ database, wakeups }),
    replay: replayEvents({ database, wakeups }),
    operation: getOperation({ database }),
    steer: steerOperation({ database, wakeups }),
    changeRate: changeOperationRate({ database, wakeups }),
    groups: listParkedGroups({ database }),
    listParked: listParked({ database }),
    sequence: getSequence({ database }),
    pause: pauseConsumer({ database, wakeups }),
    resume: resumeConsumer({ database, wakeups }),
    removeTopic: removeTopic({ database, wakeups, topicReaders }),
    removeConsumer: removeConsumer({ database, wakeups }),
    restoreRemoved: restoreRemoved({ database, wakeups }),
    bin: listBin({ database }),
    topicReaders,
    /** The parked rows of a consumer, in order: `topic/offset state attempt`. */
    async parked(consumer: string): Promise<string[]> {
      const { rows } = await database.pool.query<{ line: string }>(
        `SELECT t.name || '/' || p."offset" || ' ' || p.state || ' ' || p.attempt AS line
         FROM parked_event p JOIN topic t ON t.id = p.topic_id JOIN consumer c ON c.id = p.consumer_id
         WHERE c.name = $1 ORDER BY t.name, p."offset"`,
        [consumer],
      );
      return rows.map((row) => row.line);
    },
    ack: (consumer: string, deliveries: readonly Delivery[], more: Partial<Settlement> = {}) =>
      send({ consumer, settlements: deliveries.map((it) => acked(it, more)) }),
    async close(how: "drained" | "crashed" = "drained") {
      for (const runner of runners) await runner.close();
      if (how === "drained") await members.close();
      else await members.abandon();
      await topicReaders.close();
      await wakeups.close();
      await database.close();
    },
  };
}
export type Instance = ReturnType<typeof openInstance>;

export function acked({ topic, partition, epoch, offset }: Delivery, more: Partial<Settlement> = {}): Settlement {
  return { topic, partition, epoch, offset, outcome: "ack", ...more };
}

export const boom = { name: "Boom", message: "it broke" };

export function failed(delivery: Delivery, more: Partial<Settlement> = {}): Settlement {
  return { ...acked(delivery), outcome: "retry", attempt: delivery.attempt, error: boom, ...more };
}

export async function createTopic(database: Database, topic: string): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>(
    `WITH t AS (INSERT INTO topic (name) VALUES ($1) RETURNING id), h AS (INSERT INTO topic_head (topic_id) SELECT id FROM t)
     SELECT id FROM t`,
    [topic],
  );
  return rows[0]?.id ?? 0;
}

/** Publishes events the shortest way: offsets follow on, keys `k0` … `k<keys−1>` in turn, types `even` and `odd`. */
export async function publish(
  instance: Instance,
  topicId: number,
  { count, keys = 10 }: { count: number; keys?: number },
) {
  const db = await instance.database.pool.connect();
  try {
    await db.query("BEGIN");
    const { rows } = await db.query<{ head: number }>("SELECT head FROM topic_head WHERE topic_id = $1 FOR UPDATE", [
      topicId,
    ]);
    const head = rows[0]?.head ?? 0;
    await db.query(
      `INSERT INTO event (topic_id, "offset", recorded_at, id, type, key, data, attributes)
       SELECT $1, o, clock_timestamp(), 'e' || o, CASE WHEN o % 2 = 0 THEN 'even' ELSE 'odd' END,
         CASE WHEN $4 = 0 THEN NULL ELSE 'k' || (o % greatest($4, 1)) END, '{}', '{"source":"/"}'
       FROM generate_series($2::bigint + 1, $2::bigint + $3) AS o`,
      [topicId, head, count, keys],
    );
    await db.query("UPDATE topic_head SET head = head + $2, last_recorded_at = now() WHERE topic_id = $1", [
      topicId,
      count,
    ]);
    await db.query("COMMIT");
  } finally {
    db.release();
  }
  instance.wakeups.announce(`topic:${topicId}`);
}
