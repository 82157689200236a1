-- The time in which an operation was paused is no part of its rate.
ALTER TABLE operation
  ADD COLUMN idle_ms    bigint NOT NULL DEFAULT 0,
  ADD COLUMN idle_since timestamptz(3);
