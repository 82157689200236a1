-- How far a purge has come: rows that it has deleted so far.
ALTER TABLE bin_entry ADD COLUMN purged bigint NOT NULL DEFAULT 0;
