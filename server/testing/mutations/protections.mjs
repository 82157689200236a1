/**
 * What keeps the engine exact, each with the edit that takes it out and the test that fails without it. `from` must
 * occur exactly once in the file, so that a protection that moved is noticed.
 */
export const protections = [
  {
    name: "a settlement under an old epoch counts for nothing (the statement's own check)",
    file: "server/store/settle-cursors-merge.ts",
    from: "WHERE h.epoch IS DISTINCT FROM e.epoch OR h.holder",
    to: "WHERE h.holder",
    test: ["server/engine/protections.test.ts", "an ack under an old epoch moves no position and writes no state"],
  },
  {
    name: "a settlement under an old epoch is refused (the transaction's check)",
    file: "server/store/settle-cursors-merge.ts",
    from: "return lease?.epoch !== it.epoch || lease.holder !== holder;",
    to: "return lease?.holder !== holder;",
    test: ["server/engine/protections.test.ts", "an ack under an old epoch moves no position and writes no state"],
  },
  {
    name: "only the holder of a partition settles it (the statement's own check)",
    file: "server/store/settle-cursors-merge.ts",
    from: "OR h.holder IS DISTINCT FROM $10::uuid",
    to: "OR $10::uuid IS NULL",
    test: [
      "server/engine/protections.test.ts",
      "an instance that still thinks it holds a partition settles nothing of it once another one does",
    ],
  },
  {
    name: "only the holder of a partition settles it (the transaction's check)",
    file: "server/store/settle-cursors-merge.ts",
    from: " || lease.holder !== holder;",
    to: ";",
    test: [
      "server/engine/protections.test.ts",
      "an instance that still thinks it holds a partition settles nothing of it once another one does",
    ],
  },
  {
    name: "the version of the parked events that a settlement was decided on",
    file: "server/store/settle-cursors-merge.ts",
    from: "leases.get(it.partition)?.parkedVersion === it.parkedVersion",
    to: "leases.has(it.partition)",
    test: [
      "server/engine/parking.test.ts",
      "an ack that the holder takes before it has heard what an operator parked does not count",
    ],
  },
  {
    name: "the lock of the sequences while a settlement decides on them",
    file: "server/store/lease-lock.ts",
    from: "ORDER BY partition FOR NO KEY UPDATE`",
    to: "ORDER BY partition`",
    test: [
      "server/engine/protections.test.ts",
      "a settlement that decides on parked events waits for whoever changes them",
    ],
  },
  {
    name: "an entry that is expected or incremented is locked, also an absent one",
    file: "server/store/state-lock.ts",
    from: "ON CONFLICT (consumer_id, key) DO UPDATE SET version = e.version WHERE false`",
    to: "ON CONFLICT (consumer_id, key) DO NOTHING`",
    test: [
      "server/engine/state-conflicts.test.ts",
      "who asks for an entry waits for the one who has asked before, also for an entry that is absent",
    ],
  },
  {
    name: "the next of a sequence is released with the one before it",
    file: "server/engine/settle-parked.ts",
    from: 'if (setup.ordering === "key") await mendSequences(db, { consumerId, sequences: touched });',
    to: "",
    test: [
      "server/engine/parking.test.ts",
      "is released on ack, its followers in order one by one, and the key joins the live flow",
    ],
  },
  {
    name: "the position stops below the first delivery in flight",
    file: "server/domain/delivery-tracker.ts",
    from: "while (i < this.#offsets.length && (this.#states[i] === SETTLING || this.#states[i] === SETTLED)) i += 1;",
    to: "while (i < this.#offsets.length && this.#states[i] !== PARKING) i += 1;",
    test: [
      "server/domain/delivery-tracker.test.ts",
      "agrees with plain sets: nothing in flight is ever counted, everything else is, and the floor is exact",
    ],
  },
  {
    name: "what was delivered after a failing event of its key is taken back",
    file: "server/engine/settlement-group.ts",
    from: "tracker.takeBack(key, item.offset);",
    to: "",
    test: [
      "server/engine/parking.test.ts",
      "takes back what was delivered after it: an ack of that does not count and is named",
    ],
  },
  {
    name: "an ack behind a parked event of its key does not count",
    file: "server/domain/settlement-decision.ts",
    from: 'if (headOffset !== null && headOffset < offset) return "superseded";',
    to: "",
    test: [
      "server/domain/settlement-decision.test.ts",
      "of what stands behind a parked event, or was taken back, is superseded",
    ],
  },
  {
    name: "a failure that is told twice counts once",
    file: "server/domain/settlement-decision.ts",
    from: 'if (facts.attempt !== null && facts.attempt <= row.attempt) return "repeat";',
    to: "",
    test: ["server/engine/parking.test.ts", "counts once however often its settlement is repeated"],
  },
  {
    name: "a repeated settlement does not write its state again",
    file: "server/engine/settle-parked.ts",
    from: "? group.counts(item) && !isSettled(item)",
    to: "? true",
    test: [
      "server/engine/members.test.ts",
      "state and position commit together, and a repeated settlement does not write its state again",
    ],
  },
  {
    name: "a released event counts as passed in the layout of now",
    file: "server/engine/settlement-effects.ts",
    from: "group.countReleased(item);",
    to: "",
    test: [
      "server/engine/protections.test.ts",
      "a parked event that is released after a change of partitions counts once, however often its ack is repeated",
    ],
  },
  {
    name: "nothing is acknowledged before it is committed: settlements",
    file: "server/engine/settler.ts",
    from: "outcome = await this.#write(setup, settlements, live);",
    to: 'for (const it of live) it.resolve({ kind: "settled", superseded: [] });\n        outcome = await this.#write(setup, settlements, live);',
    test: ["server/engine/protections.test.ts", "a settlement is answered when it is committed, not before"],
  },
  {
    name: "nothing is acknowledged before it is committed: events",
    file: "server/engine/append-commit.ts",
    from: "appended = await appendEvents(pool, topicId, events);",
    to: "void appendEvents(pool, topicId, events).catch(() => undefined);\n    appended = { base: 0, recordedAt: new Date().toISOString() };",
    test: ["server/engine/protections.test.ts", "an event is answered when it is committed, not before"],
  },
  {
    name: "an id is stored once",
    file: "server/domain/append-plan.ts",
    from: "if (first !== undefined) return { offset: first, isDuplicate: true };",
    to: "",
    test: [
      "server/engine/appender.test.ts",
      "stores an id once however often and wherever it is repeated, and always answers its first offset",
    ],
  },
  {
    name: "optimistic concurrency: one of two that expect the same wins",
    file: "server/domain/append-plan.ts",
    from: "if (last !== expected) actual.set(key, last);",
    to: "",
    test: ["server/engine/appender.test.ts", "lets exactly one of two instances win the same expectation, every time"],
  },
  {
    name: "a topic's head is locked while an append decides",
    file: "server/store/event-lookup.ts",
    from: "WHERE topic_id = $1 FOR UPDATE",
    to: "WHERE topic_id = $1",
    test: ["server/engine/appender.test.ts", "lets exactly one of two instances win the same expectation, every time"],
  },
  {
    name: "a plan is applied to what it saw, or not at all",
    file: "server/services/change-positions.ts",
    from: "token === (await planToken(db, setup, actions))",
    to: "true",
    test: [
      "server/engine/position-change.test.ts",
      "two operators at once: one's plan is applied, the other gets a fresh one",
    ],
  },
  {
    name: "a position change raises the epochs",
    file: "server/services/move-positions.ts",
    from: "await raiseEpochs(db, consumerId);",
    to: "",
    test: [
      "server/engine/position-change.test.ts",
      "a running member is told of the reset and goes on from the new position; what it had in flight settles nothing",
    ],
  },
  {
    name: "after a position change every instance reads the consumer anew",
    file: "server/services/move-positions.ts",
    from: "  await touchConsumer(db, consumerId);",
    to: "",
    test: [
      "server/engine/protections.test.ts",
      "a move back delivers everything again, although another instance has forgotten an earlier layout meanwhile",
    ],
  },
  {
    name: "only the newest position change is undone",
    file: "server/services/undo-position-change.ts",
    from: "if (newest === change.id) return;",
    to: "if (newest !== null) return;",
    test: [
      "server/engine/position-undo.test.ts",
      "only the newest change can be undone, the refusal names it, and the list tells which undid which",
    ],
  },
  {
    name: "a heartbeat renews its own connection alone",
    file: "server/store/member-heartbeat.ts",
    from: "AND m.member = i.member AND m.connection = i.connection",
    to: "AND m.member = i.member",
    test: [
      "server/engine/protections.test.ts",
      "a heartbeat of a connection that was replaced renews nothing of its successor",
    ],
  },
  {
    name: "a lease is claimed only when nobody holds it",
    file: "server/store/lease-claim.ts",
    from: "AND (member IS NULL OR expires_at < now())",
    to: "",
    test: [
      "server/engine/protections.test.ts",
      "a lease that is held cannot be claimed by another member before its time has passed",
    ],
  },
  {
    name: "what an earlier number of partitions had settled is not delivered again",
    file: "server/engine/member-stream.ts",
    from: "if (tracker.wasSettled(row.offset) || isSettledBefore(prior, row)) continue;",
    to: "if (tracker.wasSettled(row.offset)) continue;",
    test: [
      "server/engine/relayout.test.ts",
      "whatever happens to the number of partitions and the members, nothing settled is delivered again and nothing is skipped",
    ],
  },
  {
    name: "after a move back a parked event waits for the earlier ones of its key",
    file: "server/domain/delivery-tracker.ts",
    from: "if (isOfIt && this.#states[i] !== SETTLED) return false;",
    to: "",
    test: [
      "server/domain/delivery-tracker.test.ts",
      "after a move back a parked event waits until the flow has passed it again",
    ],
  },
  {
    name: "a parked head is delivered once, whatever is parked behind it",
    file: "server/domain/parked-heads.ts",
    from: "return isSame ? before.deadline : null;",
    to: "return null;",
    test: [
      "server/domain/parked-heads.test.ts",
      "a head in flight is not due again because a later event was parked behind it",
    ],
  },
  {
    name: "a discarded event ahead of the position is passed by",
    file: "server/domain/parked-heads.ts",
    from: 'return "discarded";',
    to: "",
    test: [
      "server/domain/parked-heads.test.ts",
      "a discarded event ahead of the position is not delivered by the flow, until it is restored",
    ],
  },
  {
    name: "retention stops at the position of the slowest consumer",
    file: "server/engine/retention.ts",
    from: "const last = isForced || slowest === null ? through : Math.min(through, slowest);",
    to: "const last = through;",
    test: ["server/engine/retention.test.ts", "the position of the slowest consumer is never passed"],
  },
  {
    name: "retention leaves the rows of parked events",
    file: "server/engine/retention.ts",
    from: "const except = [...new Set(parked.map((it) => it.offset))];",
    to: "const except: number[] = [];",
    test: [
      "server/engine/retention.test.ts",
      "a parked event stays readable and is delivered again; once nobody has it parked, it goes too",
    ],
  },
  {
    name: "a parked event is not processed",
    file: "server/domain/processed.ts",
    from: 'if (facts.parked === "yes" || facts.isExpired) return false;',
    to: "if (facts.isExpired) return false;",
    test: ["server/services/processed.test.ts", "a parked event is not processed, nor what waits behind it"],
  },
  {
    name: "the account knows what a position change skipped from what was settled",
    file: "server/domain/position-history.ts",
    from: "if (!wasCovered) standing = change;",
    to: "",
    test: [
      "server/services/account.test.ts",
      "puts every offset into exactly one class, whatever has happened: as a model that tells them one by one",
    ],
  },
  {
    name: "an operation's step counts only while its claim stands and nobody has stopped it",
    file: "server/store/operation-claim.ts",
    from: "SET progress = $4::json, done = done + $5, ok = ok + $6, updated_at = now()\n      WHERE consumer_id = $1 AND id = $2 AND claimed_by = $3 AND status = 'running'",
    to: "SET progress = $4::json, done = done + $5, ok = ok + $6, updated_at = now()\n      WHERE consumer_id = $1 AND id = $2 AND $3::uuid IS NOT NULL",
    test: [
      "server/engine/operation-runner.test.ts",
      "take back their whole step when another one has taken the operation over meanwhile",
    ],
  },
  {
    name: "an operation whose runner crashed is anybody's when the claim is over",
    file: "server/store/operation-claim.ts",
    from: " OR claimed_until < now()",
    to: "",
    test: [
      "server/engine/operation-runner.test.ts",
      "go on where one broke off that could not even let go, and that one goes on when its database is back",
    ],
  },
  {
    name: "an operation takes up what was dead when it began, not what died of it",
    file: "server/store/parked-verbs.ts",
    from: "coalesce(p.failed_at, p.parked_at) <= $9",
    to: "p.parked_at <= $9",
    test: ["server/engine/operation-runner.test.ts", "does not take up what it released itself and what failed then"],
  },
  {
    name: "an operation's replay keeps to what is settled by now",
    file: "server/engine/operation-step.ts",
    from: "events.filter((it) => it.offset <= position)",
    to: "events",
    test: [
      "server/engine/operation-runner.test.ts",
      "keeps to what is settled when somebody moves the position back meanwhile",
    ],
  },
  {
    name: "beside what may have killed its members nothing is delivered",
    file: "server/engine/member-stream.ts",
    from: "if (this.#alone !== null) return 0;",
    to: "",
    test: ["server/engine/parking.test.ts", "has a suspect wait until nothing else is in flight"],
  },
  {
    name: "what may have killed its members is delivered alone",
    file: "server/engine/member-stream.ts",
    from: '(care !== "together" && this.inFlight > 0)',
    to: "false",
    test: ["server/engine/parking.test.ts", "has a suspect wait until nothing else is in flight"],
  },
  {
    name: "a connection on which nothing is heard is destroyed",
    file: "server/store/bounded-client.ts",
    from: "    }, boundMs);",
    to: "    }, 1_000_000);",
    test: [
      "server/store/database.test.ts",
      "a connection whose packets vanish is found and destroyed, and its idle neighbours with it",
    ],
  },
  {
    name: "idle neighbours of a lost connection are given up",
    file: "server/store/database.ts",
    from: "for (const client of clients) client.suspect(since);",
    to: "",
    test: [
      "server/store/database.test.ts",
      "a connection whose packets vanish is found and destroyed, and its idle neighbours with it",
    ],
  },
  {
    name: "a commit waits for the disk, whatever the database's default",
    file: "server/store/session-settings.ts",
    from: "    synchronous_commit: AT_LEAST_ON,\n",
    to: "",
    test: ["server/store/database.test.ts", "the defaults of a database do not reach them"],
  },
  {
    name: "a refused statement leaves its connection in the pool",
    file: "server/store/database.ts",
    from: "done(leavesSession(failure) ? undefined : failure);",
    to: "done(failure);",
    test: [
      "server/store/database.test.ts",
      "a refused statement leaves its connection in the pool, one that was ended or is stale does not",
    ],
  },
  {
    name: "the connection that listens is asked whether it is there",
    file: "server/engine/wakeups.ts",
    from: "await answerToWakeUps(connection.client);",
    to: "continue;",
    test: [
      "server/engine/wakeups.test.ts",
      "come again after the packets of the connection that listens have vanished",
    ],
  },
  {
    name: "readyz tries to write",
    file: "server/engine/database-health.ts",
    from: "await probeWriting(database.pool);",
    to: 'await database.pool.query("SELECT 1");',
    test: [
      "server/http/database-absence.test.ts",
      "a table that somebody has locked: publishes are refused, followers go on, readyz tells",
    ],
  },
  {
    name: "a pooler by transaction is refused at the start",
    file: "server/store/check-database.ts",
    from: "if (!hasOwn) throw pooled();",
    to: "",
    test: [
      "server/store/check-database.test.ts",
      "refuses a pooler by transaction with 2 connections, and says what to do",
    ],
  },
  {
    name: "a database that a newer build has migrated is refused",
    file: "server/store/migrate.ts",
    from: "if (newer.length > 0) {",
    to: "if (newer.length < 0) {",
    test: [
      "server/store/migrate.test.ts",
      "refuses a database that a newer build has migrated, and names what it does not know",
    ],
  },
  {
    name: "a session is resumed at another instance under its own name only",
    file: "server/store/session-adopt.ts",
    from: "AND member = coalesce($7, member)",
    to: "AND (true OR member = $7)",
    test: [
      "server/engine/sessions.test.ts",
      "is its member's: another name begins a session of its own with that place, at whatever instance",
    ],
  },
];
