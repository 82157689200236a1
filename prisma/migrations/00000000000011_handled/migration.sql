-- What was handled (acked by a member), told apart from what a position has merely come past.

-- A stretch is the time in which a consumer's partitions, a topic's filter and its positions are changed by nobody but
-- the members: what a cursor came past in it, was not parked, and passes the filter, was handled.
ALTER TABLE cursor
  -- What the cursor covered when the stretch began, but for what was parked and not handled then.
  ADD COLUMN inherited int8multirange NOT NULL DEFAULT '{}'::int8multirange;

-- What was handled in the stretches before this one. One row for all that had the same partitions, filter and earlier
-- layouts: of an event that passes the filter and that no earlier layout had come past, the offsets of its partition
-- tell whether it was handled.
CREATE TABLE handled_before (
  consumer_id integer NOT NULL,
  topic_id    integer NOT NULL,
  layer       integer NOT NULL,
  partitions  integer NOT NULL,
  -- The filter of then; NULL = no such part.
  types       text[],
  keys        text[],
  key_prefix  text,
  -- [{topicId, layout, partitions, cursors, endsAt, waiting}]: the earlier layouts that stood then.
  prior       json NOT NULL,
  -- By partition.
  offsets     int8multirange[] NOT NULL,
  PRIMARY KEY (consumer_id, topic_id, layer)
);

INSERT INTO handled_before (consumer_id, topic_id, layer, partitions, types, keys, key_prefix, prior, offsets)
SELECT c.consumer_id, c.topic_id, 1, count(*), s.types, s.keys, s.key_prefix, '[]', array_agg(c.replays ORDER BY c.partition)
FROM cursor c JOIN subscription s ON s.consumer_id = c.consumer_id AND s.topic_id = c.topic_id
GROUP BY c.consumer_id, c.topic_id, s.types, s.keys, s.key_prefix
HAVING bool_or(NOT isempty(c.replays));

UPDATE cursor c
SET inherited = int8multirange(int8range(1, least(c.position, coalesce(s.began_after, 0)) + 1))
FROM subscription s WHERE s.consumer_id = c.consumer_id AND s.topic_id = c.topic_id;
ALTER TABLE cursor DROP COLUMN replays;

ALTER TABLE prior_layout
  -- Every position has come past it: it hides nothing any more, and still tells what this stretch did not handle.
  ADD COLUMN is_passed boolean NOT NULL DEFAULT false,
  -- Offsets up to its end that were parked, and not handled, when the stretch began.
  ADD COLUMN waiting int8multirange NOT NULL DEFAULT '{}'::int8multirange;
UPDATE prior_layout l SET waiting = coalesce((
  SELECT range_agg(int8range(p."offset", p."offset" + 1)) FROM parked_event p
  WHERE p.consumer_id = l.consumer_id AND p.topic_id = l.topic_id AND p."offset" <= l.ends_at AND NOT p.is_replay
), '{}');

-- `is_replay` has come to mean what it says, on every attempt: the event was handled before.
ALTER TABLE parked_event
  -- Put here by a replay, and not failed since: no letter, and told by the cursors like any other.
  ADD COLUMN is_rerun boolean NOT NULL DEFAULT false,
  -- The redrive or replay that its deliveries name, also after it is over.
  ADD COLUMN delivered_for uuid;
UPDATE parked_event SET is_rerun = is_replay, delivered_for = operation_id WHERE is_replay OR operation_id IS NOT NULL;
UPDATE position_change_restore
SET saved = (saved::jsonb || jsonb_build_object('is_rerun', saved -> 'is_replay', 'delivered_for', saved -> 'operation_id'))::json
WHERE kind = 'parked';

-- Parked events that a position change cleared, and nobody had handled.
CREATE TABLE cleared_event (
  consumer_id integer NOT NULL,
  change_id   uuid NOT NULL,
  topic_id    integer NOT NULL,
  offsets     int8multirange NOT NULL,
  PRIMARY KEY (consumer_id, change_id, topic_id)
);
