-- Distributes Millrace's tables over Citus: the two families by their first key column, all others
-- as reference tables. To be run once, on the coordinator, after the migrations and before the first event:
--   psql "$DATABASE_URL" -f prisma/citus.sql
-- It needs a Citus cluster, so Millrace's own tests do not run it. They keep what it rests on (server/testing/
-- families.test.ts): every unique key of a family's table contains its first column, and no foreign key crosses
-- families or leaves event.
BEGIN;

CREATE EXTENSION IF NOT EXISTS citus;

-- Citus refuses triggers unless it is told that they touch nothing but their own shard; these only refuse.
SET LOCAL citus.enable_unsafe_triggers = on;

-- Reference tables first: person_session and person_account point at person.
SELECT create_reference_table('topic');
SELECT create_reference_table('consumer');
SELECT create_reference_table('api_key');
SELECT create_reference_table('setting');
SELECT create_reference_table('role');
SELECT create_reference_table('person');
SELECT create_reference_table('person_session');
SELECT create_reference_table('person_account');
SELECT create_reference_table('person_verification');
SELECT create_reference_table('audit_entry');
SELECT create_reference_table('alert_rule');
SELECT create_reference_table('alert');
SELECT create_reference_table('bin_entry');

-- A topic's head and its events on one node: an append stays a transaction of one node.
SELECT create_distributed_table('topic_head', 'topic_id', colocate_with => 'none');
SELECT create_distributed_table('event', 'topic_id', colocate_with => 'topic_head');
SELECT create_distributed_table('purged_key', 'topic_id', colocate_with => 'topic_head');
SELECT create_distributed_table('topic_sample', 'topic_id', colocate_with => 'topic_head');

-- All that a consumer keeps on one node: so stays a settlement with its state entries.
SELECT create_distributed_table('cursor', 'consumer_id', colocate_with => 'none');
SELECT create_distributed_table('subscription', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('expired_event', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('prior_layout', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('handled_before', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('cleared_event', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('dropped_topic', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('lease', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('settlement_request', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('settlement_answer', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('member', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('state_entry', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('position_plan', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('position_change', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('position_change_restore', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('parked_event', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('delivery_attempt', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('shelved_event', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('operation', 'consumer_id', colocate_with => 'cursor');
SELECT create_distributed_table('consumer_sample', 'consumer_id', colocate_with => 'cursor');

COMMIT;
