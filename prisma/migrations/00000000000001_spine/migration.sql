-- The first tables of Millrace. Two families (DESIGN, section 4) and small reference tables beside them.
--   topic family:    every key starts with topic_id.    topic_head, event
--   consumer family: every key starts with consumer_id. subscription, cursor, prior_layout, lease, member,
--                    state_entry, position_plan, position_change
-- No foreign key crosses families, and event has none at all: exactly this shape distributes over Citus.

-- ── reference ────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE topic (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text COLLATE "C" NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  created_at  timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE consumer (
  id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name           text COLLATE "C" NOT NULL UNIQUE,
  partitions     integer NOT NULL DEFAULT 1 CHECK (partitions BETWEEN 1 AND 256),
  -- Rises whenever `partitions` changes; the cursors of earlier layouts are kept in prior_layout.
  layout         integer NOT NULL DEFAULT 1,
  ordering       text NOT NULL DEFAULT 'key' CHECK (ordering IN ('key', 'topic')),
  retry          json NOT NULL,
  max_in_flight  integer NOT NULL,
  ack_timeout_ms integer NOT NULL,
  created_at     timestamptz(3) NOT NULL DEFAULT now(),
  updated_at     timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE api_key (
  id           uuid PRIMARY KEY,
  name         text NOT NULL,
  -- The first characters of the secret, in clear, to find the row by; the rest is known by its hash alone.
  prefix       text COLLATE "C" NOT NULL UNIQUE,
  hash         bytea NOT NULL,
  scopes       json NOT NULL,
  created_by   text NOT NULL,
  created_at   timestamptz(3) NOT NULL DEFAULT now(),
  expires_at   timestamptz(3),
  revoked_at   timestamptz(3),
  last_used_at timestamptz(3)
);

CREATE TABLE setting (
  name       text PRIMARY KEY,
  value      json NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Sign-in (better-auth's four models, under names of our own).
CREATE TABLE person (
  id             text PRIMARY KEY,
  name           text NOT NULL,
  email          text NOT NULL UNIQUE,
  email_verified boolean NOT NULL DEFAULT false,
  image          text,
  created_at     timestamptz(3) NOT NULL DEFAULT now(),
  updated_at     timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TABLE person_session (
  id         text PRIMARY KEY,
  person_id  text NOT NULL REFERENCES person ON DELETE CASCADE,
  token      text NOT NULL UNIQUE,
  expires_at timestamptz(3) NOT NULL,
  ip_address text,
  user_agent text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX person_session_person ON person_session (person_id);
CREATE TABLE person_account (
  id                       text PRIMARY KEY,
  person_id                text NOT NULL REFERENCES person ON DELETE CASCADE,
  account_id               text NOT NULL,
  provider_id              text NOT NULL,
  access_token             text,
  refresh_token            text,
  id_token                 text,
  access_token_expires_at  timestamptz(3),
  refresh_token_expires_at timestamptz(3),
  scope                    text,
  password                 text,
  created_at               timestamptz(3) NOT NULL DEFAULT now(),
  updated_at               timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX person_account_person ON person_account (person_id);
CREATE TABLE person_verification (
  id         text PRIMARY KEY,
  identifier text NOT NULL,
  value      text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX person_verification_identifier ON person_verification (identifier);

-- ── audit: append-only ───────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE audit_entry (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz(3) NOT NULL DEFAULT now(),
  actor      text NOT NULL,
  action     text NOT NULL,
  target     text NOT NULL,
  before     json,
  after      json,
  reason     text,
  request_id text
);

-- ── topic family ─────────────────────────────────────────────────────────────────────────────────────────────────
-- One narrow hot row per topic. The low fillfactor and the absence of secondary indexes keep every update a HOT update
-- within its page.
CREATE TABLE topic_head (
  topic_id         integer PRIMARY KEY,
  head             bigint NOT NULL DEFAULT 0,
  tail             bigint NOT NULL DEFAULT 1,
  bytes            bigint NOT NULL DEFAULT 0,
  last_recorded_at timestamptz(3)
) WITH (fillfactor = 20);

CREATE TABLE event (
  topic_id    integer NOT NULL,
  "offset"    bigint NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  id          text COLLATE "C" NOT NULL,
  type        text COLLATE "C" NOT NULL,
  key         text COLLATE "C",
  -- JSON data as the very text that was published; NULL = the event has no JSON data.
  data        json,
  -- Data of any other content type, byte for byte.
  data_bytes  bytea,
  -- The other CloudEvents attributes (source, time, subject, datacontenttype, dataschema, extensions) as one JSON
  -- object text. Never empty: source is required. Kept rendered, because it is only ever spliced into a frame.
  attributes  json NOT NULL,
  PRIMARY KEY (topic_id, "offset"),
  UNIQUE (topic_id, id)
);
CREATE INDEX event_key ON event (topic_id, key, "offset") WHERE key IS NOT NULL;

-- Append-only in the database itself. Statement-level, so an insert pays nothing for it. Retention is the one
-- exception and says so with a setting local to its transaction.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('millrace.retention', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- ── consumer family ──────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE subscription (
  consumer_id integer NOT NULL,
  topic_id    integer NOT NULL,
  types       text[],
  keys        text[],
  key_prefix  text,
  start       json NOT NULL,
  PRIMARY KEY (consumer_id, topic_id)
);

-- Where a consumer stands in one topic, per partition of its own.
CREATE TABLE cursor (
  consumer_id  integer NOT NULL,
  topic_id     integer NOT NULL,
  partition    integer NOT NULL,
  position     bigint NOT NULL,
  -- Offsets above the position that are settled or passed over. Never contains position + 1.
  settled      int8multirange NOT NULL DEFAULT '{}',
  -- Deliveries up to this offset carry replay: true (set by a position change that moved back).
  replay_until bigint NOT NULL DEFAULT 0,
  updated_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_id, topic_id, partition)
) WITH (fillfactor = 50);

-- The cursors of an earlier number of partitions, until every new position has passed them.
CREATE TABLE prior_layout (
  consumer_id integer NOT NULL,
  topic_id    integer NOT NULL,
  layout      integer NOT NULL,
  partitions  integer NOT NULL,
  -- [{partition, position, settled: [[from, to], …]}], offsets inclusive.
  cursors     json NOT NULL,
  -- Above this offset the earlier layout had settled nothing.
  ends_at     bigint NOT NULL,
  PRIMARY KEY (consumer_id, topic_id, layout)
);

CREATE TABLE lease (
  consumer_id integer NOT NULL,
  partition   integer NOT NULL,
  epoch       bigint NOT NULL DEFAULT 0,
  member      text,
  claimed_at  timestamptz(3),
  expires_at  timestamptz(3),
  PRIMARY KEY (consumer_id, partition)
) WITH (fillfactor = 50);

-- The members connected now, at whatever instance. A row past its expiry counts as gone.
CREATE TABLE member (
  consumer_id  integer NOT NULL,
  member       text NOT NULL,
  -- The connection: a second one under the same name replaces the first.
  connection   uuid NOT NULL,
  instance     uuid NOT NULL,
  connected_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (consumer_id, member)
) WITH (fillfactor = 50);

CREATE TABLE state_entry (
  consumer_id integer NOT NULL,
  key         text COLLATE "C" NOT NULL,
  value       json NOT NULL,
  version     bigint NOT NULL,
  updated_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_id, key)
);

CREATE TABLE position_plan (
  consumer_id integer NOT NULL,
  id          uuid NOT NULL,
  -- A hash of everything the plan saw; applying compares it with what is there then.
  token       text NOT NULL,
  plan        json NOT NULL,
  actor       text NOT NULL,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  expires_at  timestamptz(3) NOT NULL,
  PRIMARY KEY (consumer_id, id)
);

CREATE TABLE position_change (
  consumer_id integer NOT NULL,
  id          uuid NOT NULL,
  plan        json NOT NULL,
  -- The cursors as they were: what an undo restores.
  restore     json NOT NULL,
  actor       text NOT NULL,
  reason      text NOT NULL,
  applied_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_id, id)
);
