-- When the consumer began in the topic: position changes from before it, of the same topic dropped and taken up again,
-- say nothing about its account. NULL = not known.
ALTER TABLE subscription ADD COLUMN began_at timestamptz(3);
