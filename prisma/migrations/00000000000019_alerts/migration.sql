-- What alerts are about is sampled, so that a rule can be tried on the day before it is kept. Older samples do not know.
ALTER TABLE consumer_sample
  ADD COLUMN dead       bigint NOT NULL DEFAULT 0,
  ADD COLUMN members    integer,
  ADD COLUMN is_paused  boolean NOT NULL DEFAULT false,
  ADD COLUMN is_halted  boolean NOT NULL DEFAULT false,
  ADD COLUMN is_failing boolean NOT NULL DEFAULT false;
ALTER TABLE topic_sample ADD COLUMN is_held_up boolean NOT NULL DEFAULT false;

CREATE TABLE alert_rule (
  name        text COLLATE "C" PRIMARY KEY,
  description text NOT NULL DEFAULT '',
  measure     text NOT NULL,
  above       double precision NOT NULL,
  for_seconds integer NOT NULL,
  -- A name, a name's beginning followed by *, or * for all.
  pattern     text NOT NULL DEFAULT '*',
  severity    text NOT NULL CHECK (severity IN ('page', 'ticket')),
  is_enabled  boolean NOT NULL DEFAULT true,
  changed_by  text NOT NULL,
  changed_at  timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE alert (
  id              uuid PRIMARY KEY,
  -- The order in which they came.
  place           bigint GENERATED ALWAYS AS IDENTITY,
  -- The rule as it was: it may have changed since, or be gone.
  rule            text COLLATE "C" NOT NULL,
  severity        text NOT NULL,
  measure         text NOT NULL,
  above           double precision NOT NULL,
  subject_kind    text NOT NULL CHECK (subject_kind IN ('consumer', 'topic')),
  subject         text COLLATE "C" NOT NULL,
  -- From when on the measure was above.
  since           timestamptz(3) NOT NULL,
  opened_at       timestamptz(3) NOT NULL,
  value           double precision NOT NULL,
  worst           double precision NOT NULL,
  acknowledged_at timestamptz(3),
  acknowledged_by text,
  note            text,
  over_at         timestamptz(3),
  over_because    text CHECK (over_because IN ('cleared', 'rule-changed', 'subject-gone')),
  -- Changes of state that are not yet in the topic of alerts, the first first.
  untold          text[] NOT NULL DEFAULT '{new}',
  CHECK ((over_at IS NULL) = (over_because IS NULL)),
  CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE UNIQUE INDEX alert_place ON alert (place);
-- Of one rule and one subject there is one at a time, whichever instance finds it.
CREATE UNIQUE INDEX alert_open ON alert (rule, subject_kind, subject) WHERE over_at IS NULL;
CREATE INDEX alert_untold ON alert (place) WHERE untold <> '{}';

INSERT INTO alert_rule (name, description, measure, above, for_seconds, severity, changed_by) VALUES
  ('behind', 'A consumer is more than five minutes behind.', 'lag-seconds', 300, 300, 'page', 'system'),
  ('nobody-connected', 'Events wait, and no member is there to handle them.', 'unattended-events', 0, 600, 'page', 'system'),
  ('breaker-open', 'Nearly everything fails, and deliveries have stopped.', 'breaker-open', 0, 120, 'page', 'system'),
  ('halted', 'A consumer that is ordered by topic stands still at an event.', 'halted', 0, 60, 'page', 'system'),
  ('failures', 'Deliveries keep failing.', 'failures-per-minute', 10, 300, 'ticket', 'system'),
  ('dead-letters', 'Events were given up, and their keys wait for a decision.', 'dead-letters', 0, 60, 'ticket', 'system'),
  ('retention-held-up', 'A topic keeps more than its bounds say, for a consumer.', 'retention-held-up', 0, 3600, 'ticket', 'system');
