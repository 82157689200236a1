-- What a move back makes come again, exactly: below the last settled offset there may be events that never were, because
-- they were in flight or waited, and these come for the first time. (One bound called them replays, too, so that those of
-- a `liveOnly` type were passed over unseen.)
ALTER TABLE cursor ADD COLUMN replays int8multirange NOT NULL DEFAULT '{}'::int8multirange;
UPDATE cursor SET replays = int8multirange(int8range(1, replay_until + 1)) WHERE replay_until > 0;
ALTER TABLE cursor DROP COLUMN replay_until;

-- The same in the restore points of changes that can be undone yet.
UPDATE position_change
SET restore = regexp_replace(
  regexp_replace(restore::text, '"replayUntil":0([,}])', '"replays":[]\1', 'g'),
  '"replayUntil":(\d+)', '"replays":[[1,\1]]', 'g')::json
WHERE restore::text LIKE '%"replayUntil":%';
