-- The breaker in place of the storm breaker, how long a session outlives its connection, and what is removed.

ALTER TABLE consumer
  -- For how long a member whose connection broke is awaited.
  ADD COLUMN reconnect_grace_ms integer NOT NULL DEFAULT 5000,
  -- {failureShare, minSettlements, windowMs, probeMinMs, probeMaxMs}; NULL = off.
  ADD COLUMN breaker json
    DEFAULT '{"failureShare":0.9,"minSettlements":20,"windowMs":30000,"probeMinMs":5000,"probeMaxMs":300000}',
  -- Set while deliveries stand because (nearly) all of them fail: since when, the last error {name, message, fingerprint},
  -- when one is tried again, and how many were tried in vain.
  ADD COLUMN breaker_opened_at timestamptz(3),
  ADD COLUMN breaker_error json,
  ADD COLUMN breaker_probe_at timestamptz(3),
  ADD COLUMN breaker_probes integer NOT NULL DEFAULT 0;

-- A storm breaker keeps its numbers; who had none gets the default.
UPDATE consumer
SET breaker = json_build_object(
  'failureShare', storm_breaker -> 'failureShare',
  'minSettlements', storm_breaker -> 'minEvents',
  'windowMs', storm_breaker -> 'windowMs',
  'probeMinMs', 5000,
  'probeMaxMs', 300000)
WHERE storm_breaker IS NOT NULL;

ALTER TABLE consumer DROP COLUMN storm_breaker;

-- ── a topic that a consumer no longer reads ──────────────────────────────────────────────────────────────────────
-- Its cursors, earlier layouts and attempts stay where they are. Kept beside them for when it is taken back:

-- Where and when the consumer had begun in it, as in subscription.
CREATE TABLE dropped_topic (
  consumer_id integer NOT NULL,
  topic_id    integer NOT NULL,
  began_after bigint,
  began_at    timestamptz(3),
  dropped_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_id, topic_id)
);

-- What was parked of it. Apart from parked_event, where everything is to be delivered, counted or shown.
CREATE TABLE shelved_event (
  consumer_id integer NOT NULL,
  topic_id    integer NOT NULL,
  "offset"    bigint NOT NULL,
  -- The row of parked_event.
  saved       json NOT NULL,
  PRIMARY KEY (consumer_id, topic_id, "offset")
);

-- ── what is removed ──────────────────────────────────────────────────────────────────────────────────────────────
-- A removed row has a name that nobody can ask for (`~` and its id), so that its own can be used anew.
ALTER TABLE topic ADD COLUMN removed_at timestamptz(3);
ALTER TABLE consumer ADD COLUMN removed_at timestamptz(3);

CREATE TABLE bin_entry (
  id         uuid PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('topic', 'consumer')),
  target_id  integer NOT NULL,
  -- The name it had.
  name       text COLLATE "C" NOT NULL,
  removed_at timestamptz(3) NOT NULL DEFAULT now(),
  removed_by text NOT NULL,
  reason     text NOT NULL,
  -- What hung on it: consumers, parked events, state entries, events, bytes.
  holds      json NOT NULL,
  -- The row of topic_head: a topic without one takes no event and is read by nobody.
  head       json,
  -- Set when purging has begun: it cannot be restored any more.
  purging_at timestamptz(3)
);
CREATE INDEX bin_entry_name ON bin_entry (name, removed_at);
