-- What the account of a consumer needs besides its cursors.

-- Where the consumer began in the topic: events up to here were never meant for it. NULL = not known, taken as 0.
ALTER TABLE subscription ADD COLUMN began_after bigint;

-- Offsets that retention, told to by `force`, took from a topic before the consumer had settled them.
CREATE TABLE expired_event (
  consumer_id integer NOT NULL,
  topic_id    integer NOT NULL,
  offsets     int8multirange NOT NULL,
  PRIMARY KEY (consumer_id, topic_id)
);
