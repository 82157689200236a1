-- A member has a session: it outlives a broken connection, and may go on at another instance.
ALTER TABLE member RENAME COLUMN connection TO session;
ALTER TABLE member ALTER COLUMN session TYPE text COLLATE "C";
-- False: nobody is connected, and the name may be taken by a newcomer.
ALTER TABLE member ADD COLUMN is_connected boolean NOT NULL DEFAULT true;
-- It pulls: between two pulls it may work for as long as an answer may take.
ALTER TABLE member ADD COLUMN is_pull boolean NOT NULL DEFAULT false;
-- Where the member is connected from, and since when.
ALTER TABLE member ADD COLUMN address text;
ALTER TABLE member ADD COLUMN since timestamptz(3) NOT NULL DEFAULT now();

-- What is in flight of the partition, noted with the heartbeat: by topic id, how far its holder has read and which
-- offsets are with the member.
ALTER TABLE lease ADD COLUMN in_flight json;

-- The name of a sequence depends on the consumer's order, so it is written and not derived.
ALTER TABLE parked_event ALTER COLUMN sequence DROP EXPRESSION;
UPDATE parked_event p SET sequence = 'p' || p.hash % c.partitions
FROM consumer c WHERE c.id = p.consumer_id AND c.ordering = 'topic';
-- How often the event was lost with nothing beside it in flight; null = it is delivered beside others.
ALTER TABLE parked_event ADD COLUMN lost_alone int;
