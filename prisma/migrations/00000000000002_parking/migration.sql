-- What happens when a handler fails: parked events, attempts, pauses, operations; undo; retention and samples.

-- ── reference ────────────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE topic
  -- {maxAgeMs?, maxEvents?, maxBytes?, force?}; NULL = events are kept for ever.
  ADD COLUMN retention json;

ALTER TABLE consumer
  -- {windowMs, minEvents, failureShare}; NULL = none.
  ADD COLUMN storm_breaker json,
  -- Set while nothing new is delivered. `halted`: an event of a topic-ordered consumer is out of attempts.
  ADD COLUMN pause_kind text CHECK (pause_kind IN ('operator', 'storm', 'halted')),
  ADD COLUMN pause_reason text,
  ADD COLUMN paused_by text,
  ADD COLUMN paused_at timestamptz(3),
  -- A pause ends by itself at this time; NULL = when somebody resumes.
  ADD COLUMN paused_until timestamptz(3);

-- ── consumer family ──────────────────────────────────────────────────────────────────────────────────────────────

-- Types that are never delivered as a replay.
ALTER TABLE subscription ADD COLUMN live_only text[];

-- How much was settled and how much failed, ever: what the rates are sampled from.
ALTER TABLE cursor
  ADD COLUMN settled_count bigint NOT NULL DEFAULT 0,
  ADD COLUMN failed_count bigint NOT NULL DEFAULT 0;

-- Rises with every change of the parked events of the partition, under a lock on this row. Whoever delivers knows it,
-- and a settlement that was decided on an older one is decided anew.
ALTER TABLE lease ADD COLUMN parked_version bigint NOT NULL DEFAULT 0;

-- Events taken out of the flow for one consumer. A sequence is all rows of one topic and `sequence` that are not
-- discarded: its first is `retrying` or `dead`, all later ones are `blocked`.
CREATE TABLE parked_event (
  consumer_id    integer NOT NULL,
  topic_id       integer NOT NULL,
  "offset"       bigint NOT NULL,
  key            text COLLATE "C",
  -- An event without a key is a sequence of its own.
  sequence       text COLLATE "C" NOT NULL
                 GENERATED ALWAYS AS (CASE WHEN key IS NULL THEN 'o' || "offset"::text ELSE 'k' || key END) STORED,
  -- The key's hash (the offset when there is none): its partition is hash mod partitions, whatever their number.
  hash           bigint NOT NULL,
  type           text COLLATE "C" NOT NULL,
  state          text NOT NULL CHECK (state IN ('retrying', 'dead', 'blocked', 'discarded')),
  -- Deliveries that have failed.
  attempt        integer NOT NULL DEFAULT 0,
  -- It is dead once this many have failed.
  attempts_max   integer NOT NULL,
  -- When a retrying one is delivered again.
  due_at         timestamptz(3),
  error_name     text,
  error_message  text,
  error_stack    text,
  -- Of its last error: letters with the same one failed in the same way.
  fingerprint    text COLLATE "C",
  parked_at      timestamptz(3) NOT NULL DEFAULT now(),
  failed_at      timestamptz(3),
  -- The redrive or replay that it is under way for.
  operation_id   uuid,
  -- Put here by a replay, and not failed since: it was settled before.
  is_replay      boolean NOT NULL DEFAULT false,
  discarded_by   text,
  discarded_at   timestamptz(3),
  discard_reason text,
  PRIMARY KEY (consumer_id, topic_id, "offset")
) WITH (fillfactor = 80);
CREATE INDEX parked_sequence ON parked_event (consumer_id, topic_id, sequence, "offset") WHERE state <> 'discarded';
-- The heads alone: what a holder keeps in memory, and what groups are counted over.
CREATE INDEX parked_head ON parked_event (consumer_id, fingerprint, topic_id, "offset") WHERE state IN ('retrying', 'dead');
CREATE INDEX parked_operation ON parked_event (consumer_id, operation_id) WHERE operation_id IS NOT NULL;

-- Deliveries that failed or broke off, by the number of the attempt.
CREATE TABLE delivery_attempt (
  consumer_id   integer NOT NULL,
  topic_id      integer NOT NULL,
  "offset"      bigint NOT NULL,
  attempt       integer NOT NULL,
  at            timestamptz(3) NOT NULL DEFAULT now(),
  member        text,
  outcome       text NOT NULL CHECK (outcome IN ('retry', 'dead-letter', 'skip', 'interrupted')),
  error_name    text,
  error_message text,
  error_stack   text,
  PRIMARY KEY (consumer_id, topic_id, "offset", attempt)
);

-- Long jobs that an operator started.
CREATE TABLE operation (
  consumer_id   integer NOT NULL,
  id            uuid NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('redrive', 'discard', 'restore', 'replay')),
  status        text NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'done', 'aborted', 'failed')),
  -- What it is for, as it was asked for.
  filter        json NOT NULL,
  -- {rate?, canary?, stopAfterFailures?}
  options       json NOT NULL,
  -- How far it has come; its shape is the kind's own.
  progress      json,
  total         bigint NOT NULL DEFAULT 0,
  -- Taken up so far, whatever became of it.
  done          bigint NOT NULL DEFAULT 0,
  ok            bigint NOT NULL DEFAULT 0,
  failed        bigint NOT NULL DEFAULT 0,
  -- Why it stopped by itself.
  note          text,
  actor         text NOT NULL,
  reason        text NOT NULL,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  started_at    timestamptz(3),
  updated_at    timestamptz(3) NOT NULL DEFAULT now(),
  finished_at   timestamptz(3),
  -- The instance that runs it, and until when it may.
  claimed_by    uuid,
  claimed_until timestamptz(3),
  PRIMARY KEY (consumer_id, id)
) WITH (fillfactor = 50);
CREATE INDEX operation_open ON operation (consumer_id, created_at) WHERE status IN ('queued', 'running', 'paused');

-- A change that undoes another, and the one by which it was undone.
ALTER TABLE position_change
  ADD COLUMN undo_of uuid,
  ADD COLUMN undone_by uuid;

-- Parked events and state entries as they were before a position change that touched them.
CREATE TABLE position_change_restore (
  consumer_id integer NOT NULL,
  change_id   uuid NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('parked', 'state')),
  -- Counts up within a change.
  place       integer NOT NULL,
  saved       json NOT NULL,
  PRIMARY KEY (consumer_id, change_id, kind, place)
);

-- Lag and rates over time. `resolution_s` 10 is kept for a day, 300 for 30 days.
CREATE TABLE consumer_sample (
  consumer_id   integer NOT NULL,
  topic_id      integer NOT NULL,
  resolution_s  integer NOT NULL,
  at            timestamptz(3) NOT NULL,
  lag           bigint NOT NULL,
  lag_ms        bigint NOT NULL,
  -- Ever, as in `cursor`.
  settled_count bigint NOT NULL,
  failed_count  bigint NOT NULL,
  parked        bigint NOT NULL,
  PRIMARY KEY (consumer_id, topic_id, resolution_s, at)
);

-- ── topic family ─────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE topic_sample (
  topic_id     integer NOT NULL,
  resolution_s integer NOT NULL,
  at           timestamptz(3) NOT NULL,
  head         bigint NOT NULL,
  bytes        bigint NOT NULL,
  PRIMARY KEY (topic_id, resolution_s, at)
);
