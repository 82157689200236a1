-- Roles of a company's own; `viewer`, `operator` and `admin` are the program's and stand in no table.
CREATE TABLE role (
  name        text COLLATE "C" PRIMARY KEY,
  description text NOT NULL DEFAULT '',
  scopes      json NOT NULL,
  created_by  text NOT NULL,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now()
);
-- What a person may do. Whoever was there before might do everything.
ALTER TABLE person ADD COLUMN roles text[] NOT NULL DEFAULT '{}';
UPDATE person SET roles = '{admin}';

-- A key that is rotated has two secrets for a time: the one before is good until `previous_until`.
ALTER TABLE api_key ADD COLUMN previous_prefix text;
ALTER TABLE api_key ADD COLUMN previous_hash bytea;
ALTER TABLE api_key ADD COLUMN previous_until timestamptz(3);
CREATE INDEX api_key_previous_prefix ON api_key (previous_prefix) WHERE previous_prefix IS NOT NULL;

-- The configured key may do everything, and there is one more action now.
UPDATE api_key SET scopes = '[{"action":"publish","pattern":"*"},{"action":"read","pattern":"*"},{"action":"consume","pattern":"*"},{"action":"operate","pattern":"*"},{"action":"administer","pattern":"*"}]'
  WHERE created_by = 'MILLRACE_API_KEY';
