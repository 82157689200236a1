-- The instance whose memory holds the partition. It alone settles it: every write of a settlement expects it here.
ALTER TABLE lease ADD COLUMN holder uuid;

-- Settlements that arrived at another instance, on their way to the holder, and what it answered. A lost row is no more
-- than a time-out, after which the client repeats: so these tables write no log, and their texts are not compressed.
CREATE UNLOGGED TABLE settlement_request (
  consumer_id integer NOT NULL,
  id          uuid NOT NULL,
  holder      uuid NOT NULL,
  asker       uuid NOT NULL,
  body        text NOT NULL,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_id, id)
);
CREATE INDEX settlement_request_holder ON settlement_request (holder);
ALTER TABLE settlement_request ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE UNLOGGED TABLE settlement_answer (
  consumer_id integer NOT NULL,
  id          uuid NOT NULL,
  asker       uuid NOT NULL,
  body        text NOT NULL,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_id, id)
);
CREATE INDEX settlement_answer_asker ON settlement_answer (asker);
ALTER TABLE settlement_answer ALTER COLUMN body SET STORAGE EXTERNAL;
